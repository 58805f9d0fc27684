"""Does the reflex resist, and does it come as fast as it should?"""

import numpy as np

from sherrington import Check, Outcome, Run

TAPS_MS = (400.0, 570.0, 725.0, 910.0, 1075.0, 1255.0, 1410.0, 1590.0, 1750.0, 1915.0)
INTACT_MS, CUT_MS, TORQUE_MS = 2400.0, 3900.0, 400.0
MOTOR_DELAY_MS = 2.0
RESISTANCE = 1.5
"""The rod must move at least this many times further without the afferents. Ours."""
LATENCY_MS = (4.0, 15.0)
"""The H reflex of rats comes after 6.4 +- 0.4 ms whatever their size (Stanley 1981, Exp Neurol 71:497-506). The
stretch must first be sensed, which adds a few ms; above 15 ms it would no longer be the monosynaptic reflex. Ours."""


def check(run: Run) -> Outcome:
    """Displacement with and without afferents, tone before both, latency of the stretched muscle's motoneurons."""
    intact, cut = displacement_deg(run, INTACT_MS), displacement_deg(run, CUT_MS)
    tone = mean_activation(run, CUT_MS) / mean_activation(run, INTACT_MS)
    latency = latency_ms(run)
    ratio = cut / intact
    return Outcome(
        score=ratio,
        checks=(
            Check("displacement without / with afferents", ratio, f">= {RESISTANCE}", ratio >= RESISTANCE),
            Check("tone without / with afferents", tone, "0.67 to 1.5", 0.67 <= tone <= 1.5),
            Check("reflex latency, ms", latency, "4 to 15 ms", LATENCY_MS[0] <= latency <= LATENCY_MS[1]),
        ),
    )


def displacement_deg(run: Run, start_ms: float) -> float:
    """Mean angle in the second half of the torque, from the mean of the 200 ms before it."""
    time_ns, angle = run.signal("body.joint_angle")
    time_ms = time_ns / 1e6
    before = angle[(time_ms > start_ms - 200) & (time_ms <= start_ms)].mean()
    during = angle[(time_ms > start_ms + TORQUE_MS / 2) & (time_ms <= start_ms + TORQUE_MS)].mean()
    return float(np.degrees(during - before))


def mean_activation(run: Run, start_ms: float) -> float:
    """Mean over both muscles in the 300 ms before the torque."""
    time_ns, activation = run.signal("body.muscle_activation")
    time_ms = time_ns / 1e6
    return float(activation[(time_ms > start_ms - 300) & (time_ms <= start_ms)].mean())


def latency_ms(run: Run) -> float:
    """From tap to motor response, over all taps: the first ms whose spikes in the extensor's pool exceed their
    background by four standard deviations (of a Poisson count), plus the motor delay to the muscle. Background: from
    20 ms before the tap to 3 ms after it, sooner than any reflex."""
    spikes = run.spikes("MN")
    extensor = spikes.times_ns[spikes.channels >= run.populations["MN"].size // 2] / 1e6
    after_tap = np.concatenate([extensor - tap for tap in TAPS_MS])
    background = np.count_nonzero((after_tap > -20) & (after_tap <= 3)) / 23
    counts, edges = np.histogram(after_tap, np.arange(0.0, 41.0))
    response = np.flatnonzero(counts > background + 4 * np.sqrt(max(background, 1.0)))
    return float(edges[response[0] + 1] + MOTOR_DELAY_MS) if response.size else float("inf")
