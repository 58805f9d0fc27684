"""Does the paw reach the targets that are cued? What the wiring and the afferents are worth: benchmarks/reaching."""

from sherrington import Check, Outcome, Run

HITS, WRONG = 0.7, 0.15
"""Bounds, ours. One of four targets, taken blindly, would be right in a quarter of the trials."""


def check(run: Run) -> Outcome:
    """Score: mean score of the trials, see the task ``reach``."""
    trials = run.trials
    hits, wrong = (sum(t["outcome"] == outcome for t in trials) / len(trials) for outcome in ("hit", "wrong"))
    return Outcome(
        score=sum(trial["score"] for trial in trials) / len(trials),
        checks=(
            Check("share of trials that hit", hits, f">= {HITS:g}", hits >= HITS),
            Check("share that went to another target", wrong, f"<= {WRONG:g}", wrong <= WRONG),
        ),
    )
