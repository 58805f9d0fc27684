"""The command line. Each module beside this one holds the commands of one matter; importing it adds them."""

from . import commands
from .app import app, main

__all__ = ["app", "commands", "main"]
