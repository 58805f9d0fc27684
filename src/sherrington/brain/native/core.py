"""The compiled core, or why there is none."""

from __future__ import annotations

from ...errors import UnsupportedError

try:
    from . import _core as core
except ImportError as error:
    raise UnsupportedError(
        f"the native engine is not built ({error}); it needs a C++20 compiler when Sherrington is installed "
        f"(Debian, Ubuntu: apt-get install g++), then: make clean venv. Or use engine: nest"
    ) from error

__all__ = ["core"]
