"""Tasks: trials, cues, pushes, success, score. What a task of one's own needs is imported from here."""

from .task import Cue, Ended, Reading, Readings, Step, Task

__all__ = ["Cue", "Ended", "Reading", "Readings", "Step", "Task"]
