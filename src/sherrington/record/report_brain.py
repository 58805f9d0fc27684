"""The brain in the report: every recorded population in numbers and pictures, grouped by region.

What the network is like comes from ``network.json``: nothing is built again.
"""

from __future__ import annotations

from dataclasses import dataclass

from .read import Run
from .report_brain_maps import map_panel
from .report_brain_matrix import matrix_panel
from .report_brain_portrait import by_region, portraits, window_of
from .report_brain_raster import raster_panel
from .report_brain_rates import rates_panel
from .report_brain_spectra import spectra_panel
from .report_brain_table import Populations, table
from .report_style import Panel, TimeAxis


@dataclass(frozen=True)
class BrainContent:
    """What the page says of the brain: a table, and pictures in order."""

    populations: Populations
    panels: list[Panel]


def brain_content(run: Run, axis: TimeAxis) -> BrainContent | None:
    """None where no spikes were recorded or no time passed."""
    if not run.populations or not axis.end_ns:
        return None
    window = window_of(axis.end_ns)
    found = list(portraits(run, window))
    panels = [
        raster_panel(found, axis),
        rates_panel(run, by_region(run), axis),
        spectra_panel(found, window),
        map_panel(found, window),
        matrix_panel(run.network),
    ]
    return BrainContent(table(found, window, run.network), [panel for panel in panels if panel])
