"""Facts about the muscles of ``mouse_forelimb`` that its spinal circuits need.

Two muscles are antagonists here when their moment arms about the four joint axes, in the initial pose and as unit
vectors, point apart: scalar product below -0.5. Ours; ``tests/reference/test_spinal_cord.py`` derives the table
again from the body. The order is the body's.

The stretch reflex of a muscle adds joint stiffness in proportion to S = maximum force x squared moment arm / optimal
fibre length, which spans a factor of 100 over these muscles. With one gain for all, the strongest would swing a limb
of 0.4 g faster than their reflex is long. REFLEX_GAIN = 40 uN*m / S, at most 1, so that all contribute alike. Ours.
"""

ANTAGONISTS: dict[str, tuple[str, ...]] = {
    "pectoralis_clavicular": ("infraspinatus",),
    "biceps_short": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "biceps_long": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "deltoid_medial": ("deltoid_posterior", "infraspinatus", "latissimus_caudal"),
    "triceps_lateral": (
        "biceps_short",
        "biceps_long",
        "brachialis_proximal",
        "brachialis_distal",
        "pronator_teres",
        "flexor_carpi_radialis",
    ),
    "triceps_long": (
        "biceps_short",
        "biceps_long",
        "brachialis_proximal",
        "brachialis_distal",
        "pronator_teres",
        "flexor_carpi_radialis",
    ),
    "brachialis_proximal": (
        "triceps_lateral",
        "triceps_long",
        "anconeus",
        "anconeus_short",
        "triceps_medial",
    ),
    "brachialis_distal": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "anconeus": (
        "biceps_short",
        "biceps_long",
        "brachialis_proximal",
        "brachialis_distal",
        "pronator_teres",
        "flexor_carpi_radialis",
    ),
    "deltoid_posterior": ("deltoid_medial",),
    "anconeus_short": (
        "biceps_short",
        "biceps_long",
        "brachialis_proximal",
        "brachialis_distal",
        "pronator_teres",
        "flexor_carpi_radialis",
    ),
    "subscapularis": ("infraspinatus",),
    "infraspinatus": (
        "pectoralis_clavicular",
        "deltoid_medial",
        "subscapularis",
        "pectoralis_anterior",
        "pectoralis_posterior",
    ),
    "pronator_teres": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "flexor_carpi_radialis": (
        "triceps_lateral",
        "triceps_long",
        "anconeus",
        "anconeus_short",
        "triceps_medial",
    ),
    "triceps_medial": (
        "biceps_short",
        "biceps_long",
        "brachialis_proximal",
        "brachialis_distal",
        "pronator_teres",
        "flexor_carpi_radialis",
    ),
    "latissimus_rostral": (),
    "latissimus_caudal": ("deltoid_medial",),
    "pectoralis_anterior": ("infraspinatus",),
    "pectoralis_posterior": ("infraspinatus",),
}

REFLEX_GAIN: dict[str, float] = {
    "pectoralis_clavicular": 0.46,
    "biceps_short": 0.89,
    "biceps_long": 0.65,
    "deltoid_medial": 0.44,
    "triceps_lateral": 0.83,
    "triceps_long": 0.042,
    "brachialis_proximal": 1.0,
    "brachialis_distal": 1.0,
    "anconeus": 1.0,
    "deltoid_posterior": 1.0,
    "anconeus_short": 1.0,
    "subscapularis": 0.35,
    "infraspinatus": 1.0,
    "pronator_teres": 1.0,
    "flexor_carpi_radialis": 1.0,
    "triceps_medial": 0.78,
    "latissimus_rostral": 0.74,
    "latissimus_caudal": 0.49,
    "pectoralis_anterior": 0.073,
    "pectoralis_posterior": 0.062,
}
