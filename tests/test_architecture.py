"""Imports point one way, heavy libraries stay in their own room, and nothing imports in a circle.

The rules are those of the architecture, section 2::

    errors clock ports parallel <- experiment, brain, body, transfer, record <- loop <- build <- run <- cli

with `resolve` (names to objects) between the rooms and the loop.

Every import statement counts, those inside functions and under TYPE_CHECKING too. A module that no rule names
fails: a new room is a decision, and it is made here.
"""

import ast
import re
import subprocess
import sys
from fnmatch import fnmatch
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src"
PACKAGE = "sherrington"

FOUNDATION = ("errors", "clock", "ports", "parallel")
NETWORK = (
    "brain.network",
    "brain.population",
    "brain.distributions",
    "brain.rules",
    "brain.kernels",
    "brain.sheet",
    "brain.spatial",
)
BODY = ("body.engine", "body.model", "body.scene")
CONTRACTS = ("brain.engine", *NETWORK, *BODY, "transfer.function", "task", "task.task")
SHIPPED = ("brain.models", "body.models", "body.parts", "transfer.shipped", "task.shipped")
ROOMS = (
    *FOUNDATION,
    *CONTRACTS,
    *SHIPPED,
    "transfer",
    "experiment",
    "sections",
    "find",
    "resolved",
    "record.*",
)

# What a module may import from the package. The first pattern that fits decides; names are without the
# leading `sherrington.`, the package itself is the empty string, and `*` stands for anything.
MAY_IMPORT: dict[str, tuple[str, ...]] = {
    "": (*FOUNDATION, *CONTRACTS, "experiment", "record.check", "record.read", "record"),
    "errors": (),
    "clock": ("errors",),
    "ports": ("errors", "clock"),
    # Which NEST and which MPI a process of several ranks takes must be settled before either is imported.
    "parallel": ("errors", "install.mpi"),
    "find": ("errors",),
    # The contracts and the descriptions know no engine, and neither half knows the other.
    "brain.engine": (*FOUNDATION, "brain.network", "brain.groups"),
    "brain.groups": ("brain.distributions",),
    "brain.distributions": FOUNDATION,
    "brain.kernels": (*FOUNDATION, "brain.distributions"),
    "brain.sheet": (*FOUNDATION, "brain.distributions"),
    "brain.rules": (*FOUNDATION, "brain.distributions", "brain.kernels"),
    "brain.population": (*FOUNDATION, "brain.distributions", "brain.rules", "brain.sheet"),
    "brain.spatial": (*FOUNDATION, "brain.distributions", "brain.kernels", "brain.rules", "brain.sheet"),
    "brain.drawing": (*FOUNDATION, *NETWORK[1:]),
    "brain.network": (*FOUNDATION, *NETWORK[1:], "brain.drawing"),
    "brain.facts": (*FOUNDATION, *NETWORK),
    # Its mean in-degrees, which a smaller network makes up for, come from the same quadrature as the network's own.
    "brain.models.mouse.cortex": (*FOUNDATION, *NETWORK, "brain.spatial", "brain.models*"),
    "brain.models*": (*FOUNDATION, *NETWORK, "brain.models*"),
    "brain*": (*FOUNDATION, "brain.*"),
    "body.engine": (*FOUNDATION, "body.model"),
    "body.model": (*FOUNDATION, "body.osim_*", "body.mjcf_*", "body.xml_text", "body.aside"),
    "body.models*": (*FOUNDATION, "body.model", "body.models*", "body.aside"),
    "body.scene*": (*FOUNDATION, "body.model", "body.xml_text", "body.osim_document", "body.scene*"),
    "body.parts*": (*FOUNDATION, "body.scene", "body.parts*"),
    "body*": (*FOUNDATION, "body.*"),
    "transfer*": (*FOUNDATION, "transfer.*"),
    # A task sees signals of a body and gives cues: it knows the description of the body, and no engine or brain.
    "task*": (*FOUNDATION, "body.model", "task", "task.*"),
    # The experiment file: text to values, values to sections, what is wrong in words.
    "yaml_file": ("errors",),
    "overrides": ("errors", "yaml_file"),
    "locate": (),
    "explain": ("errors", "locate"),
    "salvage": (),
    "sections": (),
    "experiment": ("errors", "yaml_file", "overrides", "explain", "salvage", "sections"),
    "resolved": (*FOUNDATION, *CONTRACTS, "experiment", "sections"),
    "record.report*": (*FOUNDATION, "record", "record.*", "analysis", "analysis.*"),
    "record*": (*FOUNDATION, "body.engine", "record", "record.*"),
    # Statistics of what was recorded.
    "analysis*": (*FOUNDATION, "record.read", "record.layout"),
    # From here on, one room after the other.
    "shipped": (*FOUNDATION, *SHIPPED, "experiment", "find"),
    "resolve*": (
        *FOUNDATION,
        *CONTRACTS,
        *SHIPPED,
        "experiment",
        "sections",
        "find",
        "brain",
        "body",
        "transfer",
        "explain",
        "resolved",
        "resolve.*",
    ),
    "loop*": (*FOUNDATION, *CONTRACTS, "resolved", "record.*", "loop.*"),
    "build": (*ROOMS, "brain.ranks", "loop.*"),
    "summary": (*FOUNDATION, "resolved", "loop.*"),
    "film": (*FOUNDATION, "body.*", "record.*"),
    "present": (*FOUNDATION, "resolved", "record.*", "film"),
    "beforehand": ("errors", "resolved", "record.folder"),
    "request": (),
    "interrupts": ("loop.*",),
    "judge": ("errors", "record.*", "resolved"),
    "follow": ("parallel", "record.*", "request", "resolve", "build"),
    "run": (
        *ROOMS,
        "request",
        "interrupts",
        "judge",
        "brain.facts",
        "brain.ranks",
        "resolve",
        "loop.*",
        "build",
        "present",
        "beforehand",
        "summary",
        "telemetry.link",
        "plan",
        "plan.*",
    ),
    "progress": (*FOUNDATION, "loop.*"),
    "calibrate": (*FOUNDATION, "body.mujoco_statics", "resolve", "build"),
    "bench": (*FOUNDATION, "record.*", "find"),
    "agent": (*FOUNDATION, *CONTRACTS, "sections", "resolve", "resolve.*", "resolved"),
    "gym": (*FOUNDATION, *CONTRACTS, "agent", "resolved", "loop.*", "build", "body.render"),
    # A run of a sweep is a process of its own; what plans, starts and gathers them never builds one.
    "sweep.worker": ("errors", "request", "run"),
    "sweep*": (
        *FOUNDATION,
        "yaml_file",
        "explain",
        "sections",
        "experiment",
        "resolve",
        "resolved",
        "record.*",
        "beforehand",
        "sweep.*",
    ),
    # Builds NEST with MPI and looks at the machine; a run with several ranks asks it where that NEST lies.
    "install*": (*FOUNDATION, "record.folder", "install", "install.*"),
    # Predicts from the description alone: no engine, no build.
    "plan*": (*FOUNDATION, *CONTRACTS, "resolved", "record.folder", "plan", "plan.*"),
    # Ships a command line: it starts runs, and never builds or reads one.
    "launch*": (
        *FOUNDATION,
        "yaml_file",
        "explain",
        "sections",
        "resolve",
        "resolved",
        "record.*",
        "beforehand",
        "plan.shape",
        "request",
        "telemetry.address",
        "sweep",
        "sweep.*",
        "launch",
        "launch.*",
    ),
    # What a run and its service say to each other; the run's end of it is an observer of the loop with a thread.
    "service.messages": (),
    "service.frames": ("service.messages",),
    "service": (),
    "telemetry*": (
        "",
        *FOUNDATION,
        *CONTRACTS,
        "brain.population",
        "find",
        "resolved",
        "record.state",
        "record.folder",
        "loop.*",
        "service",
        "service.*",
        "telemetry",
        "telemetry.*",
    ),
    "parts": ("resolved",),
    "cli*": ("*",),
}

# The only modules that may import a heavy library.
HEAVY: dict[str, tuple[str, ...]] = {
    "nest": ("brain.nest*", "install.mpi_probe"),
    "mujoco": ("body.mujoco*", "body.render"),
    "opensim": ("body.opensim_library",),
    "h5py": ("record.store", "record.read", "record.rank_files"),
    "mpi4py": ("parallel", "install.mpi_probe"),
    "matplotlib": ("record.report*", "plan.figure"),
    "pynwb": ("record.export*",),
    "hdmf": ("record.export*",),
    "imageio_ffmpeg": ("record.video",),
    "gymnasium": ("gym",),
    "psij": ("launch.*",),
    "websockets": ("telemetry.dial",),
    "typer": ("cli.*",),
}

# An engine is named as text, `brain.nest:NestBrain`, and loaded when it is asked for.
ENGINE_NAME = re.compile(r"(sherrington\.)?(brain|body)(\.\w+)+:[A-Z]\w+")


def module_name(file: Path) -> str:
    """`src/sherrington/brain/engine.py` -> `brain.engine`; the package itself is the empty string."""
    parts = list(file.relative_to(SOURCE / PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    return {module_name(file): file for file in sorted((SOURCE / PACKAGE).rglob("*.py"))}


def imported_names(file: Path) -> set[str]:
    """Full dotted names that a file imports, relative ones resolved; `from a import b` gives `a.b`."""
    package = [PACKAGE, *file.relative_to(SOURCE / PACKAGE).parent.parts]
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*start, *([node.module] if node.module else [])])
            names |= {f"{base}.{alias.name}" for alias in node.names}
    return names


@cache
def own_imports(module: str) -> frozenset[str]:
    """The modules of this package that a module imports: the longest prefix that is a module."""
    inside = [name for name in imported_names(modules()[module]) if name.split(".")[0] == PACKAGE]
    return frozenset(longest_module(name) for name in inside)


def longest_module(name: str) -> str:
    parts = name.split(".")[1:]
    while ".".join(parts) not in modules():  # the last part is a name inside a module
        parts.pop()
    return ".".join(parts)


def fits(module: str, patterns: tuple[str, ...]) -> bool:
    return any(fnmatch(module, pattern) for pattern in patterns)


def rule_for(module: str) -> tuple[str, ...]:
    for pattern, allowed in MAY_IMPORT.items():
        if fnmatch(module, pattern):
            return allowed
    pytest.fail(f"no rule in MAY_IMPORT for {PACKAGE}.{module}: say here what it may import")


def test_the_package_was_read() -> None:
    assert {
        "errors",
        "clock",
        "ports",
        "brain.engine",
        "body.engine",
        "transfer.function",
    } <= modules().keys()
    assert "errors" in own_imports("ports"), "relative imports are not resolved"


@pytest.mark.parametrize("module", modules())
def test_imports_point_one_way(module: str) -> None:
    allowed = rule_for(module)
    wrong = sorted(name for name in own_imports(module) if not fits(name, allowed))
    assert not wrong, (
        f"{module} must not import {', '.join(wrong)}; it may import {', '.join(allowed) or 'none'}"
    )


@pytest.mark.parametrize("library", HEAVY)
def test_heavy_library_stays_in_its_room(library: str) -> None:
    users = [name for name, file in modules().items() if library in top_names(file)]
    wrong = [name for name in users if not fits(name, HEAVY[library])]
    assert not wrong, f"{library} may be imported in {', '.join(HEAVY[library])}, not in {', '.join(wrong)}"


def top_names(file: Path) -> set[str]:
    return {name.split(".")[0] for name in imported_names(file)}


def test_only_build_knows_engine_names() -> None:
    knowing = {name for name, file in modules().items() if any(map(ENGINE_NAME.fullmatch, texts(file)))}
    assert knowing == {"build"}


def texts(file: Path) -> list[str]:
    """Every string constant of a file."""
    constants = (
        n for n in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(n, ast.Constant)
    )
    return [node.value for node in constants if isinstance(node.value, str)]


def test_no_import_cycle() -> None:
    graph = {module: own_imports(module) - {module, ""} for module in modules() if module}
    try:
        tuple(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail("import cycle: " + " -> ".join(error.args[1]))


def test_describing_imports_nothing_heavy() -> None:
    """`sherrington --help` and `validate` answer at once: a fresh process, and no heavy library in it."""
    light = sorted(HEAVY.keys() - {"typer"})
    program = (
        f"import sys, {PACKAGE}, {PACKAGE}.cli, {PACKAGE}.experiment, {PACKAGE}.resolve\n"
        f"print(*sorted(set({light!r}) & sys.modules.keys()))"
    )
    answer = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert answer.stdout.split() == []
