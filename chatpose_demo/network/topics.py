"""What a question that wants words, not a body, can be about."""

from __future__ import annotations

# About a shown body; geometry answers all but the last (geometry.answers).
BODY_TOPICS = (
    "describe_short", "describe_long", "compare", "balance", "hands_where", "posture",
    "which_knee_more_bent", "which_elbow_more_bent", "which_hand_higher", "which_foot_ahead",
    "which_leg_carries", "knee_angle", "elbow_angle", "back_straight", "arms_doing", "legs_doing",
    "feet_where", "head_where", "facing", "symmetric", "touching_self", "on_ground",
    "height_of_hands", "body_other",
)  # fmt: skip
# About the photo and its people; what the eyes saw answers all but the last.
PHOTO_TOPICS = (
    "photo_count", "photo_list", "photo_clothes", "photo_hair", "photo_doing", "photo_where",
    "photo_exists", "photo_things", "photo_who", "photo_other",
)  # fmt: skip
# About the program itself (network.app_talk), and the mark of everything else that is said.
NOT_APP = "app_none"
APP_TOPICS = (
    "app_can", "app_how", "app_who", "app_photo", "app_privacy", "app_view", "app_save",
    "app_limits", "app_chat", NOT_APP,
)  # fmt: skip
TOPICS = BODY_TOPICS + PHOTO_TOPICS + APP_TOPICS
