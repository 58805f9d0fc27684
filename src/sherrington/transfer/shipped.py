"""The transfer functions that ship, by the name an experiment uses. Nothing is imported to list them."""

from __future__ import annotations

_HERE = "sherrington.transfer"

SHIPPED: dict[str, str] = {
    "spindle_ia": f"{_HERE}.proprioception:spindle_ia",
    "spindle_ia_coactive": f"{_HERE}.proprioception:spindle_ia_coactive",
    "spindle_ii": f"{_HERE}.proprioception:spindle_ii",
    "tendon_organ_ib": f"{_HERE}.proprioception:tendon_organ_ib",
    "muscle_spindle": f"{_HERE}.spindle:MuscleSpindle",
    "muscle_spindle_gamma": f"{_HERE}.spindle:MuscleSpindleGamma",
    "tendon_organ_ib_dynamic": f"{_HERE}.tendon:TendonOrganIbDynamic",
    "joint_receptor": f"{_HERE}.proprioception:joint_receptor",
    "contact_receptor": f"{_HERE}.proprioception:contact_receptor",
    "skin": f"{_HERE}.skin:Skin",
    "semicircular_canals": f"{_HERE}.vestibular:SemicircularCanals",
    "otoliths": f"{_HERE}.vestibular:Otoliths",
    "retina": f"{_HERE}.retina:Retina",
    "linear_rate": f"{_HERE}.encode:linear_rate",
    "cued_goal": f"{_HERE}.encode:cued_goal",
    "push_pull": f"{_HERE}.encode:push_pull",
    "gaussian_tuning": f"{_HERE}.encode:gaussian_tuning",
    "scale": f"{_HERE}.encode:scale",
    "constant": f"{_HERE}.encode:Constant",
    "schedule": f"{_HERE}.encode:Schedule",
    "leaky_integrator": f"{_HERE}.decode:LeakyIntegrator",
    "windowed_rate": f"{_HERE}.decode:WindowedRate",
    "population_vector": f"{_HERE}.decode:PopulationVector",
    "motoneuron_pool": f"{_HERE}.decode:MotoneuronPool",
}
"""Name in ``pathways.*.function`` to ``module:object``."""
