"""The plan: what a run will need, before it starts: memory, time, node-hours; and what earlier runs say about that.

``predict(resolved, shape)`` and ``outcome(prediction, summary)`` are what a run calls; ``learn(summary)`` keeps what
it taught. How the model works, and what it is good for: ``docs/plan.md``."""

from .learn import learn, outcome
from .predict import PLANNED, Prediction, predict
from .shape import Shape

__all__ = ["PLANNED", "Prediction", "Shape", "learn", "outcome", "predict"]
