"""The tasks that ship, by the name an experiment uses. Nothing is imported to list them."""

from __future__ import annotations

_HERE = "sherrington.task"

SHIPPED: dict[str, str] = {
    "posture": f"{_HERE}.posture:Posture",
    "reach": f"{_HERE}.reach:Reach",
    "joystick": f"{_HERE}.joystick:Joystick",
    "joystick_field": f"{_HERE}.joystick_field:JoystickField",
    "locomotion_wheel": f"{_HERE}.locomotion_wheel:LocomotionWheel",
}
"""Name in ``task.name`` to ``module:class``."""
