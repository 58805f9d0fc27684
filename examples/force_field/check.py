"""Does the error of the pull fall in the field, and is there an error to the other side when the field is gone?"""

from collections.abc import Mapping, Sequence

import numpy as np

from sherrington import Check, Outcome, Run

EDGE = 5
"""Trials at the beginning and at the end of a block that are averaged."""
LEARNED, AFTER_RAD, HITS = 0.4, 0.01, 0.7
"""Bounds, ours: of ``learning``, of the after-effect, and of the share of pulls that pass the threshold."""


def learning(rows: Sequence[Mapping[str, object]]) -> dict[str, float]:
    """What the trials of a run show, in rad, counted as positive where the field pushes.

    first, last: mean error of the first and the last five trials in the field; after: of the first five without it;
    index: the share of the first error that is gone in the end. Pulls that never came have no error and do not count.
    """
    errors = {
        block: np.array([float(str(row["error_rad"])) for row in rows if row["block"] == block])
        for block in ("field", "washout")
    }
    side = np.sign(np.nanmean(errors["field"]))
    first, last = (
        side * float(np.nanmean(errors["field"][part])) for part in (slice(EDGE), slice(-EDGE, None))
    )
    after = side * float(np.nanmean(errors["washout"][:EDGE]))
    return {"first": first, "last": last, "after": after, "index": 1.0 - last / first}


def check(run: Run) -> Outcome:
    """Score: the share of the error that is gone at the end of the field."""
    found = learning(run.trials)
    hits = sum(bool(trial["success"]) for trial in run.trials) / len(run.trials)
    return Outcome(
        score=found["index"],
        checks=(
            Check(
                "share of the error that is gone",
                found["index"],
                f">= {LEARNED:g}",
                found["index"] >= LEARNED,
            ),
            Check(
                "error after the field, rad",
                found["after"],
                f"<= -{AFTER_RAD:g}",
                found["after"] <= -AFTER_RAD,
            ),
            Check("share of trials that hit", hits, f">= {HITS:g}", hits >= HITS),
        ),
    )
