"""Shipped bodies by name. Nothing heavy is imported: the functions are found when one is asked for."""

SHIPPED: dict[str, str] = {
    "one_joint": "sherrington.body.models.one_joint:one_joint",
    "mouse_forelimb": "sherrington.body.models.mouse_forelimb:mouse_forelimb",
}
"""Name in an experiment to ``module:function``; the function takes keyword arguments and returns a BodyModel."""

DESCRIPTIONS: dict[str, str] = {
    "one_joint": "one hinge, two antagonist muscles of constant moment arm; checkable in closed form",
    "mouse_forelimb": "right forelimb of an adult mouse: shoulder 3 + elbow 1 degrees of freedom, 20 muscles",
}
"""One line each, for ``sherrington list``."""
