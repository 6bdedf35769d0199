"""The training data by name, as the command takes them: `NAME` or `NAME=PATH`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from chatpose_demo.training.chatpose.bedlam import WHERE as BEDLAM_WHERE
from chatpose_demo.training.chatpose.bedlam import Bedlam
from chatpose_demo.training.chatpose.mix665k import WHERE as MIX_WHERE
from chatpose_demo.training.chatpose.mix665k import Mix665k
from chatpose_demo.training.chatpose.photos import WHERE as PHOTOS_WHERE
from chatpose_demo.training.chatpose.photos import PhotoSet
from chatpose_demo.training.chatpose.posescript import WHERE as POSESCRIPT_WHERE
from chatpose_demo.training.chatpose.posescript import PoseScript
from chatpose_demo.training.chatpose.sample import DataError, DataSet, Task
from chatpose_demo.training.chatpose.stage_photos import StageFolder, StageLive
from chatpose_demo.training.chatpose.studio import StudioTalk, StudioText

STUDIO = "studio"
CHAT = "chat"  # needs the model, so the trainer makes it
STUDIO_SEEDS = (101, 102, 103, 104)  # our choice: text, talk, pictures, talk about pictures

FILES: dict[str, tuple[Task, Callable[[Path], DataSet], str]] = {
    "posescript": ("text", PoseScript, POSESCRIPT_WHERE),
    "photos": ("image", PhotoSet, PHOTOS_WHERE),
    "bedlam": ("image", Bedlam, BEDLAM_WHERE),
    "mix665k": ("instruction", Mix665k, MIX_WHERE),
}

HELP = "\n".join(
    [
        "studio            all three tasks from the studio; pictures are rendered on the way",
        "studio=FOLDER     the same with the pictures of `python -m chatpose_demo.studio.stage`",
        "chat              ordinary lines, answered by the model itself before training",
        *(
            f"{name}=PATH".ljust(18) + f"{task}: {where}"
            for name, (task, _, where) in FILES.items()
        ),
    ]
)


def open_sources(named: Sequence[str]) -> dict[Task, list[DataSet]]:
    """The data sets of each task; `chat` is not among them.

    Args:
        named: `NAME` or `NAME=PATH`; a name may come twice, with other paths.

    Raises:
        DataError: an unknown name, a path that is missing, or data that are not there.
    """
    found: dict[Task, list[DataSet]] = {"text": [], "instruction": [], "image": []}
    for one in named:
        name, _, path = one.partition("=")
        if name == CHAT:
            continue
        if name == STUDIO:
            for task, data in _studio(Path(path) if path else None).items():
                found[task] += data
        elif name not in FILES:
            known = ", ".join((STUDIO, CHAT, *FILES))
            raise DataError(f"There are no data {name!r}; there are {known}.")
        elif not path:
            raise DataError(f"Say where: {name}=PATH, the place of {FILES[name][2]}.")
        else:
            task, opened, _ = FILES[name]
            found[task].append(opened(Path(path)))
    return found


def _studio(folder: Path | None) -> Mapping[Task, list[DataSet]]:
    text, talk, pictures, about = STUDIO_SEEDS
    if folder is None:
        photos: DataSet = StageLive(pictures, "pose")
        photo_talk: DataSet = StageLive(about, "talk")
    else:
        photos, photo_talk = StageFolder(folder, "pose"), StageFolder(folder, "talk")
    return {
        "text": [StudioText(text)],
        "instruction": [StudioTalk(talk), photo_talk],
        "image": [photos],
    }
