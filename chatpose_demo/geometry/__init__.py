"""Words from bodies: what a pose does, how two differ, whether it could fall, measured on it."""
