"""RPE-Studio: 250 questions about people in 50 rendered pictures, with exact truth.

Ours in the manner of RPE (ChatPose's reasoning-based pose estimation): a picture with two to six
people, and a question that names one of them by behaviour, outfit, pose, shape, or all of it.
README.md says how it was made and what may not be changed.
"""
