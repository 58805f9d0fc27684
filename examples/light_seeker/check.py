"""Does it find the light from every heading, and only with the neurons that are driven by light?"""

from sherrington import Check, Outcome, Run

FOUND, FOUND_BLIND = 0.8, 0.34
"""Share of the trials, at least and at most. Ours."""
HEADINGS = 6


def check(run: Run) -> Outcome:
    """Score: the mean score of the trials that ended before it was blinded."""
    blinded_ms = run.summary["interventions"][0]["at_ms"]
    seeing = [trial for trial in run.trials if trial["end_ms"] <= blinded_ms]
    blind = [trial for trial in run.trials if trial["start_ms"] >= blinded_ms]
    found, found_blind = share_found(seeing), share_found(blind)
    return Outcome(
        score=sum(trial["score"] for trial in seeing) / max(len(seeing), 1),
        checks=(
            Check("trials with the brain whole", len(seeing), f">= {HEADINGS}", len(seeing) >= HEADINGS),
            Check("share of them that found the light", found, f">= {FOUND:g}", found >= FOUND),
            Check(
                "share that found it blind", found_blind, f"<= {FOUND_BLIND:g}", found_blind <= FOUND_BLIND
            ),
        ),
    )


def share_found(trials: list[dict[str, object]]) -> float:
    """NaN, which holds nothing, where there was no trial."""
    return sum(bool(trial["success"]) for trial in trials) / len(trials) if trials else float("nan")
