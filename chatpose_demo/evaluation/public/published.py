"""Numbers of papers and of other people's runs, to stand beside ours.

None was measured here. The paper's own tables were not at hand in full; most rows are as later
papers and notes quote them, and where sources conflict the caveat says so.
"""

from __future__ import annotations

from dataclasses import dataclass

UNIPOSE = "UniPose (CVPR 2025), table 4"
UNIPOSE_TEXT = "UniPose (CVPR 2025), table 3"
CHATHUMAN = "notes on ChatHuman (CVPR 2025)"
POSE_RFT = "notes on Pose-RFT (ICLR 2026)"
CHATPOSE = "notes on ChatPose (CVPR 2024)"
HMR = "akanazawa/hmr, doc/train.md"
RERUN = "jjunsss/RPE-Refined, chatpose-eval-bf16"


@dataclass(frozen=True)
class Column:
    """One number that papers give for a set.

    Attributes:
        title: with its unit: mm or %.
        measure: ours under the same protocol, as a report's row names it.
    """

    title: str
    measure: str


@dataclass(frozen=True)
class Row:
    """What somebody reports.

    Attributes:
        who: the method.
        values: in the set's columns' order; None where it is not given.
        source: where the numbers were read.
        part: a set's kind of question, or the protocol, or "all".
        caveat: what to know before comparing.
    """

    who: str
    values: tuple[float | None, ...]
    source: str
    part: str = "all"
    caveat: str = ""


@dataclass(frozen=True)
class Comparison:
    """A set's published numbers.

    Attributes:
        columns: what papers give, in which ours are printed, too.
        rows: none where no source at hand has this choice of frames or captions.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]


_LSP = (
    Column("MPJPE, mm", "MPJPE (14 LSP joints, pelvis aligned)"),
    Column("PA-MPJPE, mm", "PA-MPJPE (14 LSP joints)"),
)
_SMPL22 = (
    Column("MPJPE, mm", "MPJPE (SMPL 22 body joints, pelvis aligned)"),
    Column("PA-MPJPE, mm", "PA-MPJPE (SMPL 22 body joints)"),
)
_RECALLS = tuple(
    Column(f"{way} R@{depth}, %", f"{way} R@{depth}")
    for way in ("T2P", "P2T")
    for depth in (5, 10, 20)
)
_OWN_EVALUATION = "as evaluated by the authors of ChatPose and ChatHuman"
_ANOTHER_EVALUATION = "as in UniPose's table; ChatPose's authors have 91.0 and 58.4"
_FIRST = "by the authors' truth for the first release, which is not ours; which joints is not told"
_PROTOCOL = "which protocol is not told"
_FULL, _RANDOM = "full", "random pool"
_SIZE = "the size of the pool is not told; with 32, chance alone gives 62.5 at 20"

THREE_DPW = Comparison(
    _LSP,
    (
        Row("SPIN", (102.9, 62.9), CHATHUMAN),
        Row("HMR 2.0", (91.0, 58.4), CHATHUMAN, caveat=_OWN_EVALUATION),
        Row("HMR 2.0", (70.0, 44.5), UNIPOSE, caveat=_ANOTHER_EVALUATION),
        Row("PyMAF", (92.8, 58.9), UNIPOSE),
        Row("TokenHMR", (71.0, 44.3), UNIPOSE),
        Row("ChatPose", (163.6, 81.9), UNIPOSE, caveat="Pose-RFT and ChatHuman agree"),
        Row("ChatHuman", (91.3, 58.7), CHATHUMAN),
        Row("UniPose", (94.7, 59.1), UNIPOSE),
        Row("Pose-RFT", (85.9, 51.6), POSE_RFT, caveat="LLaVA-1.5-7B"),
    ),
)
HUMAN36M_P1 = Comparison(
    _LSP,
    (Row("HMR", (86.2, 58.5), HMR, caveat="released weights; MPJPE with the mid-hip aligned"),),
)
HUMAN36M_P2 = Comparison(
    _LSP,
    (
        Row("HMR 2.0", (44.8, 33.6), UNIPOSE, caveat=f"{_PROTOCOL}; its own file is protocol 2"),
        Row("PyMAF", (57.7, 40.5), UNIPOSE, caveat=_PROTOCOL),
        Row(
            "ChatPose",
            (126.0, 82.4),
            UNIPOSE,
            caveat=f"{_PROTOCOL}; one note has 66.3 for PA-MPJPE",
        ),
        Row("UniPose", (69.2, 41.8), UNIPOSE, caveat=_PROTOCOL),
        Row("Pose-RFT", (63.0, None), POSE_RFT, caveat=_PROTOCOL),
    ),
)
RPE_FIRST = Comparison(
    _SMPL22,
    (
        Row("ChatPose", (275.0, 101.8), f"{POSE_RFT}; {CHATPOSE}", caveat=_FIRST),
        Row("SPIN", (183.2, 107.3), CHATPOSE, caveat=_FIRST),
        Row("LLaVA*", (None, 155.2), CHATPOSE, caveat=_FIRST),
        Row("HMR 2.0", (225.2, None), CHATHUMAN, caveat=f"{_FIRST}; read as the HMR baseline"),
        Row("ChatHuman", (147.2, None), CHATHUMAN, caveat=_FIRST),
        Row("UniPose", (213.4, 94.1), POSE_RFT, caveat=_FIRST),
        Row("Pose-RFT", (198.6, 87.0), POSE_RFT, caveat=_FIRST),
    ),
)
_RERUN = (
    "released weights in bf16; joints by SMPL-X's regressor; bodies stored by file name, so 42 for "
    "50 questions; four truths are another person's"
)
RPE_REFINED = Comparison(
    _SMPL22,
    (
        Row("ChatPose", (234.1, 104.2), RERUN, "behaviour", _RERUN),
        Row("ChatPose", (234.3, 104.2), RERUN, "outfit", _RERUN),
        Row("ChatPose", (216.4, 104.0), RERUN, "pose", _RERUN),
        Row("ChatPose", (233.5, 106.4), RERUN, "shape", _RERUN),
    ),
)
_NOT_POSE = (None, None)
POSESCRIPT = Comparison(
    _RECALLS + _SMPL22,
    (
        Row(
            "ChatPose",
            (17.6, 25.3, 35.8, 28.0, 39.0, 54.4, *_NOT_POSE),
            f"{UNIPOSE_TEXT}; {POSE_RFT}",
            _FULL,
            "a note on ChatPose has 22.1 for T2P R@5",
        ),
        Row("ChatHuman", (41.8, 52.6, 65.1, 42.1, 52.3, 66.5, *_NOT_POSE), UNIPOSE_TEXT, _FULL),
        Row("Pose-RFT", (42.2, 53.0, 65.5, None, None, None, *_NOT_POSE), POSE_RFT, _FULL),
        Row("ChatPose", (39.9, 50.6, 58.7, None, None, None, *_NOT_POSE), POSE_RFT, _RANDOM, _SIZE),
        Row(
            "PoseScript",
            (73.3, 82.5, 89.4, 70.0, 82.5, 87.4, 318.0, 161.3),
            UNIPOSE_TEXT,
            _RANDOM,
            f"UniPose's own protocol, which Pose-RFT lists as random; {_SIZE}",
        ),
        Row(
            "UniPose",
            (73.7, 82.4, 89.6, 70.9, 80.5, 89.6, 308.6, 171.1),
            UNIPOSE_TEXT,
            _RANDOM,
            f"UniPose's own protocol, which Pose-RFT lists as random; {_SIZE}",
        ),
        Row("Pose-RFT", (71.8, 82.6, 88.7, None, None, None, *_NOT_POSE), POSE_RFT, _RANDOM, _SIZE),
    ),
)
SPG = Comparison(
    (Column("T2P R@5, %", "T2P R@5"),),
    (
        Row("ChatPose", (10.9,), CHATPOSE, _FULL, "780 pairs"),
        Row("PoseScript", (2.8,), CHATPOSE, _FULL, "780 pairs"),
    ),
)
PUBLISHED: dict[str, Comparison] = {  # every set of `sets.SETS`
    "3dpw": THREE_DPW,
    "h36m-p1": HUMAN36M_P1,
    "h36m-p2": HUMAN36M_P2,
    "h36m-p2-trial0": Comparison(HUMAN36M_P2.columns, ()),
    "rpe-refined": RPE_REFINED,
    "rpe-refined-first-photos": RPE_FIRST,
    "spg": SPG,
    "posescript": POSESCRIPT,
    "posescript-auto": Comparison(POSESCRIPT.columns, ()),
}
