"""Shipped networks by name. Nothing is imported to list them."""

SHIPPED: dict[str, str] = {
    "relay": "sherrington.brain.models.relay:relay",
    "premotor_cord": "sherrington.brain.models.premotor_cord:premotor_cord",
    "spinal_cord": "sherrington.brain.models.spinal_cord:spinal_cord",
}
"""Name in ``brain.network`` to ``module:function``."""
