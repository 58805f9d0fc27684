"""Shipped networks by name. Nothing is imported to list them."""

SHIPPED: dict[str, str] = {
    "hpc_benchmark": "sherrington.brain.models.hpc_benchmark:hpc_benchmark",
    "relay": "sherrington.brain.models.relay:relay",
    "mouse": "sherrington.brain.models.mouse.brain:mouse",
    "mouse_basal_ganglia": "sherrington.brain.models.mouse.basal_ganglia:mouse_basal_ganglia",
    "mouse_cerebellum": "sherrington.brain.models.mouse.cerebellum:mouse_cerebellum",
    "mouse_m1": "sherrington.brain.models.mouse.m1:mouse_m1",
    "mouse_s1": "sherrington.brain.models.mouse.s1:mouse_s1",
    "mouse_thalamus": "sherrington.brain.models.mouse.thalamus:mouse_thalamus",
    "microcircuit": "sherrington.brain.models.microcircuit:microcircuit",
    "premotor_cord": "sherrington.brain.models.premotor_cord:premotor_cord",
    "spinal_cord": "sherrington.brain.models.spinal_cord:spinal_cord",
}
"""Name in ``brain.network`` to ``module:function``."""
