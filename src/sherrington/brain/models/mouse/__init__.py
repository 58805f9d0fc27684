"""The mouse sensorimotor brain: one file per region, assembled by name."""
