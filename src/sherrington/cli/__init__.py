"""The command line. Each module beside this one holds the commands of one matter; importing it adds them."""

from . import commands, launching, machine, planning
from .app import app, main

__all__ = ["app", "commands", "launching", "machine", "main", "planning"]
