"""Is the joystick pulled when it is told to, and only then? What that owes to wiring: benchmarks/mouse_pull."""

from sherrington import Check, Outcome, Run

HITS, EARLY = 0.7, 0.15
"""Bounds, ours."""


def check(run: Run) -> Outcome:
    """Score: mean score of the trials, see the task ``joystick``."""
    trials = run.trials
    hits, early = (sum(t["outcome"] == outcome for t in trials) / len(trials) for outcome in ("hit", "early"))
    return Outcome(
        score=sum(trial["score"] for trial in trials) / len(trials),
        checks=(
            Check("share of trials that hit", hits, f">= {HITS:g}", hits >= HITS),
            Check("share pulled before the cue", early, f"<= {EARLY:g}", early <= EARLY),
        ),
    )
