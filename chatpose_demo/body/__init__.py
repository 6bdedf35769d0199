"""The SMPL body: loading, posing, dressing, drawing and exporting it."""
