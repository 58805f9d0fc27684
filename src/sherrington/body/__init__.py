"""Bodies: described models, the contract of an engine, the engines."""

import ctypes
import os
import sys


def _choose_opengl() -> None:
    """Pictures without a screen where that is possible, and bodies without pictures where it is not.

    MuJoCo reads ``MUJOCO_GL`` once, when it is imported; its own default on Linux wants a screen, and a choice whose
    libraries are missing makes the import itself fail. So the choice is made here, before any way of importing it.
    One made outside is respected.
    """
    if sys.platform == "linux" and "MUJOCO_GL" not in os.environ:
        found = _loads("libEGL.so.1") and (_loads("libOpenGL.so.0") or _loads("libGL.so.1"))
        os.environ["MUJOCO_GL"] = "egl" if found else "osmesa" if _loads("libOSMesa.so.8") else "disabled"


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


_choose_opengl()
