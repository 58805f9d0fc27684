"""What lies in a run folder: the names of its files, and what is known of a recorded population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

EXPERIMENT_FILE = "experiment.yaml"
EXPERIMENT_FOLDER = "experiment"
RUN_FILE = "run.json"
DATA_FILE = "data.h5"
TRIALS_FILE = "trials.csv"
LOG_FILE = "log.txt"
SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"
PICTURE_FILE = "picture.png"
VIDEO_FILE = "video.mp4"

COMMITTED = "committed"
"""In the data file: the number of rows of each dataset that a flush has brought to disk."""


@dataclass(frozen=True)
class PopulationInfo:
    """What a reader must know of a population.

    size: neurons. channels: name to number of neurons, in the order of the neurons, adding up to ``size``.
    region: where it lies, for pictures and tables; may be empty.
    """

    size: int
    channels: Mapping[str, int]
    region: str
