"""``python -m sherrington.cli``: the command line where the program ``sherrington`` is not on the path."""

from . import main

main()
