"""Which muscles of ``mouse_forelimb`` oppose each other, for reciprocal inhibition.

Two muscles are antagonists here when their moment arms about the four joint axes, in the initial pose and as unit
vectors, point apart: scalar product below -0.5. Ours; ``tests/reference/test_spinal_cord.py`` derives the table
again from the body. The order is the body's.
"""

ANTAGONISTS: dict[str, tuple[str, ...]] = {
    "pectoralis_clavicular": ("infraspinatus",),
    "biceps_short": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "biceps_long": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "deltoid_medial": ("deltoid_posterior", "infraspinatus", "latissimus_caudal"),
    "triceps_lateral": ("biceps_short", "biceps_long", "brachialis_proximal", "brachialis_distal", "pronator_teres", "flexor_carpi_radialis"),
    "triceps_long": ("biceps_short", "biceps_long", "brachialis_proximal", "brachialis_distal", "pronator_teres", "flexor_carpi_radialis"),
    "brachialis_proximal": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "brachialis_distal": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "anconeus": ("biceps_short", "biceps_long", "brachialis_proximal", "brachialis_distal", "pronator_teres", "flexor_carpi_radialis"),
    "deltoid_posterior": ("deltoid_medial",),
    "anconeus_short": ("biceps_short", "biceps_long", "brachialis_proximal", "brachialis_distal", "pronator_teres", "flexor_carpi_radialis"),
    "subscapularis": ("infraspinatus",),
    "infraspinatus": ("pectoralis_clavicular", "deltoid_medial", "subscapularis", "pectoralis_anterior", "pectoralis_posterior"),
    "pronator_teres": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "flexor_carpi_radialis": ("triceps_lateral", "triceps_long", "anconeus", "anconeus_short", "triceps_medial"),
    "triceps_medial": ("biceps_short", "biceps_long", "brachialis_proximal", "brachialis_distal", "pronator_teres", "flexor_carpi_radialis"),
    "latissimus_rostral": (),
    "latissimus_caudal": ("deltoid_medial",),
    "pectoralis_anterior": ("infraspinatus",),
    "pectoralis_posterior": ("infraspinatus",),
}
