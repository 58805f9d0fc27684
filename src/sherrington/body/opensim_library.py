"""The package opensim, kept silent. The only module that imports it.

OpenSim writes its messages to stdout and to opensim.log in whatever folder the process runs in. What goes wrong
comes as an exception, with the same text, so nothing is lost.
"""

from __future__ import annotations

import re

from ..errors import BodyError

try:
    import opensim
except ModuleNotFoundError as error:
    raise BodyError(
        "body engine 'opensim' needs the package opensim; install it with: pip install 'sherrington[opensim]'"
    ) from error
except ImportError as error:
    raise BodyError(f"the package opensim is installed but cannot be loaded: {error}") from error

__all__ = ["opensim", "plain"]

opensim.Logger.setLevelString("Off")
opensim.Logger.removeFileSink()

_WRAPPING = re.compile(r"^std::exception in '[^']*': ")
_PLACE = re.compile(r"\s*Thrown at \S+ in \S+\s*")


def plain(error: Exception) -> str:
    """OpenSim's message in one line, without its place in OpenSim's source."""
    text = _PLACE.sub(" ", _WRAPPING.sub("", str(error)))
    return " ".join(text.split())
