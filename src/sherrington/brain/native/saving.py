"""A saved state as bytes: compressed arrays, and what they belong to."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np

from ...errors import RunError

_IDENTITY = "identity"


def pack(identity: dict[str, Any], arrays: dict[str, Any]) -> bytes:
    """identity: what must agree when the arrays are unpacked."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {_IDENTITY: json.dumps(identity), **arrays}
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()


def unpack(identity: dict[str, Any], state: bytes) -> dict[str, Any]:
    """The arrays. Raises RunError where the state belongs to something else, saying in what they differ."""
    with np.load(io.BytesIO(state)) as saved:
        arrays = dict(saved)
    theirs = json.loads(str(arrays.pop(_IDENTITY)))
    ours = json.loads(json.dumps(identity))
    differing = [name for name in ours if theirs.get(name) != ours[name]]
    if differing:
        shown = "; ".join(f"{n}: saved {theirs.get(n)}, here {ours[n]}" for n in differing)
        raise RunError(f"this state was saved by another brain ({shown})")
    return arrays
