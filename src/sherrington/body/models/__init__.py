"""Shipped bodies by name. Nothing heavy is imported: the functions are found when one is asked for."""

SHIPPED: dict[str, str] = {
    "one_joint": "sherrington.body.models.one_joint:one_joint",
    "mouse_forelimb": "sherrington.body.models.mouse_forelimb:mouse_forelimb",
}
"""Name in ``body.model`` to ``module:function``; it takes keyword arguments and returns a BodyModel. The first line
of its docstring is its description."""
