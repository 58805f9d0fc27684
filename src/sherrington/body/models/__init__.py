"""Shipped bodies by name. Nothing heavy is imported: the functions are found when one is asked for."""

SHIPPED: dict[str, str] = {
    "one_joint": "sherrington.body.models.one_joint:one_joint",
    "mouse_forelimb": "sherrington.body.models.mouse_forelimb:mouse_forelimb",
    "myo_elbow": "sherrington.body.models.myo:myo_elbow",
    "myo_finger": "sherrington.body.models.myo:myo_finger",
    "myo_hand": "sherrington.body.models.myo:myo_hand",
    "myo_arm": "sherrington.body.models.myo:myo_arm",
    "myo_torso": "sherrington.body.models.myo:myo_torso",
    "myo_legs": "sherrington.body.models.myo:myo_legs",
    "myo_body": "sherrington.body.models.myo:myo_body",
    "wheeled_robot": "sherrington.body.models.wheeled_robot:wheeled_robot",
}
"""Name in ``body.model`` to ``module:function``; it takes keyword arguments and returns a BodyModel. The first line
of its docstring is its description."""
