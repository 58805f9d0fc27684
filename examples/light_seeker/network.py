"""A Braitenberg vehicle made of spiking neurons: light draws it, what it bumps into turns it away.

After vehicle 2b of Braitenberg (1984), Vehicles: Experiments in Synthetic Psychology, MIT Press: what the left half
of the eye sees drives the right wheel and the other way round, so the vehicle turns towards a light and goes there.
Everything else is ours: two halves that inhibit each other, a drive to look around where no light is seen, Off
cells that steer away from dark things, and a way round what it bumps into. All weights are ours, chosen so that
every population works between 0 and about 150 Hz.
"""

from __future__ import annotations

from sherrington import AllToAll, Explicit, Network, Normal, Population, Projection, Uniform

SIDES = ("left", "right")
LIF = {"tau_m": Normal(10.0, 1.0, low=5.0), "t_ref": 4.0, "tau_syn_ex": 5.0, "tau_syn_in": 5.0}
"""Leaky integrate-and-fire with currents that decay exponentially: ``iaf_psc_exp`` of NEST, 250 pF, threshold 15 mV
above rest. Spikes of rate r and weight w lift it by w tau_syn r tau_m / C on average: with 5 ms, 2e-4 mV for each
pA and Hz."""
REST = {"V_m": Uniform(-70.0, -56.0)}
VISION_MS = 20.0
"""Synaptic time constant of the cells that read the retina: they sum over a frame of the camera."""
RETREAT_MS, DETOUR_MS = 300.0, 1000.0
"""How long a bump is remembered, by those who back off and by those who then drive past: synaptic time constants."""
CROSSED = {"left": "right", "right": "left"}


def vehicle(*, columns: int = 18, rows: int = 8, overlap: int = 2, crossed: bool = True) -> Network:
    """A vehicle that seeks the light: retina, light and dark, search, retreat, two wheels.

    columns, rows: pixels of the eye. overlap: columns beyond the middle that a half sees too. crossed: whether the
    left half drives the right wheel, or the left one. Populations ``on`` and ``off`` have one cell per pixel, row
    by row from the top left; ``light`` and ``dark`` one cell for each column that a half sees.
    """
    halves = {"left": range(columns // 2 + overlap), "right": range(columns // 2 - overlap, columns)}
    populations = [
        _retina("on", columns * rows),
        _retina("off", columns * rows),
        _pool("light", len(halves["left"]), tau_syn_ex=VISION_MS),
        _pool("dark", len(halves["left"]), tau_syn_ex=VISION_MS),
        _pool("opponent", 8),
        _pool("touch", 5),
        _pool("retreat", 8, tau_syn_ex=RETREAT_MS),
        _pool("detour", 6, tau_syn_ex=DETOUR_MS),
        _pool("forward", 20, "motor"),
        _pool("backward", 12, "motor"),
        Population("search", 10, params=LIF, initial=REST, region="brain"),
        Population("veto", 6, params=LIF, initial=REST, region="brain"),
        Population("brake", 8, params=LIF, initial=REST, region="motor"),
    ]
    projections = _looking_around()
    for side, other in CROSSED.items():
        projections += [
            _columns("on", f"light/{side}", halves[side], columns, rows, 350.0),
            _columns("off", f"dark/{side}", halves[side], columns, rows, 250.0),
            *_seeking(side, other, crossed=crossed),
            *_going_round(side, other),
        ]
    return Network("vehicle", populations, projections)


def _looking_around() -> list[Projection]:
    """Without a light in view the vehicle turns to the left where it stands."""
    return [
        _all("search", "forward/right", 105.0),
        _all("search", "backward/left", 110.0),
        _all("veto", "search", -400.0),
    ]


def _seeking(side: str, other: str, *, crossed: bool) -> list[Projection]:
    """A light on one side drives the other side's wheel most, ends the search and quietens the other half."""
    far, near = (other, side) if crossed else (side, other)
    return [
        _all(f"light/{side}", f"forward/{far}", 500.0),
        _all(f"light/{side}", f"forward/{near}", 200.0),
        _all(f"dark/{side}", f"forward/{side}", 60.0),
        _all(f"light/{side}", f"opponent/{side}", 500.0),
        _all(f"opponent/{side}", f"light/{other}", -60.0),
        _all(f"opponent/{side}", "search", -200.0),
    ]


def _going_round(side: str, other: str) -> list[Projection]:
    """After a bump on one side: back off, turning away; then past it in an arc, blind to the light meanwhile."""
    return [
        _all(f"touch/{side}", f"retreat/{side}", 25.0),
        _all(f"retreat/{side}", f"backward/{other}", 400.0),
        _all(f"retreat/{side}", f"backward/{side}", 200.0),
        _all(f"retreat/{side}", "brake", 300.0),
        _all("brake", f"forward/{side}", -800.0),
        _all(f"touch/{side}", f"detour/{side}", 25.0),
        _all(f"detour/{side}", f"forward/{side}", 400.0),
        _all(f"detour/{side}", f"forward/{other}", 240.0),
        _all(f"detour/{side}", "veto", 400.0),
        _all("veto", f"light/{side}", -400.0),
    ]


def _retina(name: str, pixels: int) -> Population:
    return Population(name, pixels, "parrot_neuron", region="retina")


def _pool(name: str, per_side: int, region: str = "brain", **params: float) -> Population:
    channels = dict.fromkeys(SIDES, per_side)
    return Population(
        name, 2 * per_side, params={**LIF, **params}, initial=REST, channels=channels, region=region
    )


def _columns(source: str, target: str, seen: range, columns: int, rows: int, weight: float) -> Projection:
    """Each column of pixels that a half sees to the neuron of that column."""
    joined = [(row * columns + column, i) for i, column in enumerate(seen) for row in range(rows)]
    pixels, neurons = zip(*joined, strict=True)
    return Projection(source, target, Explicit(pixels, neurons), weight, delay_ms=2.0)


def _all(source: str, target: str, weight: float) -> Projection:
    return Projection(source, target, AllToAll(), weight, Uniform(1.0, 2.0))
