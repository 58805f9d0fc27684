"""The closed loop: schedule, pathways, one cycle, the guard."""
