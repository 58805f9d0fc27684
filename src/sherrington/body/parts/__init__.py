"""Shipped parts of environments by name. Nothing heavy is imported: the functions are found when one is asked for."""

SHIPPED: dict[str, str] = {
    "ground": "sherrington.body.parts.surfaces:ground",
    "table": "sherrington.body.parts.surfaces:table",
    "treadmill": "sherrington.body.parts.surfaces:treadmill",
    "box": "sherrington.body.parts.objects:box",
    "ball": "sherrington.body.parts.objects:ball",
    "cylinder": "sherrington.body.parts.objects:cylinder",
    "joystick": "sherrington.body.parts.joystick:joystick",
    "grip": "sherrington.body.parts.grip:grip",
    "camera": "sherrington.body.parts.camera:camera",
}
"""Name in ``environment.parts.NAME.part`` to ``module:function``; it takes keyword arguments and returns a Part. The
first line of its docstring is its description."""
