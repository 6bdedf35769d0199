"""Fair measurements: frozen foreign text, metrics, tables."""
