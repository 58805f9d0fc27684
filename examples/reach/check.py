"""Does the paw reach the targets that are cued, well above what chance and a wrong wiring reach?"""

from sherrington import Check, Outcome, Run

SUCCESSES = 0.6
"""Ours. With the premotor wiring shuffled almost no trial succeeds: benchmarks/reaching."""


def check(run: Run) -> Outcome:
    """Score: mean score of the trials, see the task ``reach``."""
    trials = run.trials
    share = sum(trial["success"] for trial in trials) / len(trials)
    mean = sum(trial["score"] for trial in trials) / len(trials)
    return Outcome(
        score=mean,
        checks=(Check("share of trials that hit", share, f">= {SUCCESSES:g}", share >= SUCCESSES),),
    )
