"""Photo -> people: boxes, landmarks, SMPL pose, camera and appearance."""
