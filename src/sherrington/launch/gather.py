"""``python -m sherrington.launch.gather SWEEP``: table and report of a sweep, once its last task has ended."""

from __future__ import annotations

import sys
from pathlib import Path

from ..errors import NeverError
from .array import find_array, gather


def main() -> None:
    folder = Path(sys.argv[1])
    array = find_array(folder)
    if array is None:
        raise NeverError(f"{folder} holds no job array")
    gather(folder, array)


if __name__ == "__main__":
    main()
