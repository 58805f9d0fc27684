"""What lies in a run folder: the names of its files, and what is known of a recorded population."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

EXPERIMENT_FILE = "experiment.yaml"
EXPERIMENT_FOLDER = "experiment"
RUN_FILE = "run.json"
NETWORK_FILE = "network.json"
DATA_FILE = "data.h5"
RANK_FILES = "spikes.rank*.h5"
"""Of a run over several ranks, while it goes on: the spikes of each rank's neurons. Then they are in the data file."""
TRIALS_FILE = "trials.csv"
LOG_FILE = "log.txt"
STACKS_FILE = "rank{}.stacks.txt"
"""Where each thread of a rank stood when it had waited too long for the others."""
SUMMARY_FILE = "summary.json"
REPORT_FILE = "report.html"
PICTURE_FILE = "picture.png"
VIDEO_FILE = "video.mp4"

COMMITTED = "committed"
"""In the data file: the number of rows of each dataset that a flush has brought to disk."""

POSITIONS = "position_mm"
"""In the data file, beside the spikes of a population that lies on a sheet."""


def rank_file(rank: int) -> str:
    """The name of one of ``RANK_FILES``."""
    return RANK_FILES.replace("*", str(rank))


@dataclass(frozen=True)
class PopulationInfo:
    """What a reader must know of a population.

    size: neurons. channels: name to number of neurons, in the order of the neurons, adding up to ``size``.
    region: where it lies, for pictures and tables; may be empty.
    """

    size: int
    channels: Mapping[str, int]
    region: str


@dataclass(frozen=True)
class Places:
    """Where the neurons of a population lie on their sheet.

    sheet_mm: its sides along x and y. positions_mm: shape (n_neurons, 3), x and y from the centre of the sheet, z the
    depth below it; float32.
    """

    sheet_mm: tuple[float, float]
    positions_mm: NDArray[np.float32]
