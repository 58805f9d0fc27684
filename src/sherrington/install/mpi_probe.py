"""Does it work? Run on every rank: ``mpiexec -n 2 python -m sherrington.install.mpi_probe [[FOLDER] LIBMPI]``.

Without arguments it probes the build that a run would take. ``mpi_build`` gives it a libmpi, and asks about MPI alone
before NEST is built, and then also the folder of a build that is not stamped yet. Rank 0 prints one line of JSON, and
the exit status is 0 only where all of it holds.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

from .mpi import LIBRARY_VARIABLE, Build, python_tag, require
from .mpi_library import LIBRARY_FILE

NEURONS_PER_PROCESS = 3


def main(arguments: list[str]) -> int:
    if len(arguments) == 1:
        os.environ.setdefault(LIBRARY_VARIABLE, arguments[0])
        facts = probe_mpi()
    else:
        build = _unstamped(*map(Path, arguments)) if arguments else require()
        build.activate()
        facts = probe_nest(build)
    if facts.pop("rank") == 0:
        print(json.dumps(facts), flush=True)
    return 0 if facts["works"] else 1


def _unstamped(folder: Path, libmpi: Path) -> Build:
    return Build(folder, "", python_tag(), "", "", libmpi, None, 0.0)


def probe_mpi() -> dict[str, Any]:
    """Facts of this rank, and whether all ranks have the MPI library that they should, and no other."""
    from mpi4py import MPI

    world, libraries = MPI.COMM_WORLD, mapped_libraries()
    mine = libraries == {Path(os.environ[LIBRARY_VARIABLE]).resolve()}
    return {
        "ranks": world.Get_size(),
        "rank": world.Get_rank(),
        "libraries": sorted(map(str, libraries)),
        "library": MPI.Get_library_version().strip("\0\n ").splitlines()[0],
        "works": world.allreduce(mine, op=MPI.LAND),
    }


def probe_nest(build: Build) -> dict[str, Any]:
    """As ``probe_mpi``, and whether NEST counts the same ranks and spikes cross between them."""
    from mpi4py import MPI

    nest = _import_nest()
    facts = probe_mpi()
    ranks, seen = facts["ranks"], nest.num_processes
    spikes = MPI.COMM_WORLD.allreduce(_spikes_here(nest))
    mine = (
        ranks == seen
        and spikes == NEURONS_PER_PROCESS * ranks
        and Path(nest.__file__).is_relative_to(build.site)
    )
    works = facts["works"] and MPI.COMM_WORLD.allreduce(mine, op=MPI.LAND)
    own = {"nest_ranks": seen, "spikes": spikes, "nest": str(Path(nest.__file__).parent), "works": works}
    return facts | own


def _import_nest() -> Any:
    arguments = sys.argv
    # NEST reads the program's arguments, prints a banner and warns on newer Pythons.
    sys.argv, os.environ["PYNEST_QUIET"] = arguments[:1], "1"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import nest
    sys.argv = arguments
    nest.verbosity = nest.VerbosityLevel.ERROR
    return nest


def _spikes_here(nest: Any) -> int:
    """Spikes that this rank records of parrots, three for each process, that one generator makes fire once each."""
    nest.ResetKernel()
    generator = nest.Create("spike_generator", params={"spike_times": [1.0]})
    parrots = nest.Create("parrot_neuron", NEURONS_PER_PROCESS * nest.num_processes)
    recorder = nest.Create("spike_recorder")
    nest.Connect(generator, parrots)
    nest.Connect(parrots, recorder)
    nest.Simulate(10.0)
    return len(recorder.events["times"])


def mapped_libraries() -> set[Path]:
    """The MPI libraries that are loaded in this process."""
    maps = Path("/proc/self/maps").read_text(encoding="utf-8")
    return {Path(file).resolve() for file in LIBRARY_FILE.findall(maps)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
