"""Shipped bodies by name. Nothing is imported to list them."""

SHIPPED: dict[str, str] = {
    "one_joint": "sherrington.body.models.one_joint:one_joint",
    "mouse_forelimb": "sherrington.body.models.mouse_forelimb:mouse_forelimb",
}
"""Name in ``body.model`` to ``module:function``."""
