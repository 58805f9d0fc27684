"""The libraries: each is really loaded, in a process of its own, because many that are installed cannot be."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass

from .finding import Answer, Finding, ask

EXTRA = "pip install 'sherrington[{}]'"


@dataclass(frozen=True)
class Package:
    """A library to load. program: Python that loads it and prints what is worth knowing; needed: by every run."""

    subject: str
    program: str
    mend: str
    needed: bool = False


QUIET = "import os, warnings; os.environ['PYNEST_QUIET'] = '1'; warnings.simplefilter('ignore'); "
VERSION = "from importlib.metadata import version; "
PACKAGES = (
    Package(
        "NEST",
        QUIET + VERSION + "import nest; print(version('nest-simulator') + ',', nest.__file__)",
        "pip install 'nest-simulator>=3.10,<3.11'",
        needed=True,
    ),
    Package(
        "MuJoCo", "import mujoco; print(mujoco.__version__)", "pip install 'mujoco>=4.0,<5'", needed=True
    ),
    Package(
        "data (HDF5)", "import h5py; print('h5py', h5py.__version__)", "pip install 'h5py>=3.13'", needed=True
    ),
    Package("OpenSim", VERSION + "import opensim; print(version('opensim'))", EXTRA.format("opensim")),
    Package("NWB", VERSION + "import pynwb; print('pynwb', version('pynwb'))", EXTRA.format("nwb")),
    Package(
        "video",
        "import imageio_ffmpeg, subprocess\n"
        "command = [imageio_ffmpeg.get_ffmpeg_exe(), '-version']\n"
        "answer = subprocess.run(command, check=True, capture_output=True, text=True)\n"
        "print(answer.stdout.partition(' Copyright')[0])",
        EXTRA.format("video"),
    ),
    Package(
        "launching",
        VERSION + "import psij; print('psij-python', version('psij-python'))",
        "pip install 'psij-python>=0.9.11,<0.10'",
    ),
)
DRAW = """
from sherrington.body.models.one_joint import one_joint
from sherrington.body.render import Renderer
Renderer(one_joint(), width=64, height=64).close()
import os
print('OpenGL through', os.environ.get('MUJOCO_GL', 'the default of MuJoCo'))
"""


def findings() -> Iterator[Finding]:
    for package in PACKAGES:
        yield judge(package, load(package.program))
    mend = "apt-get install --no-install-recommends libegl1 libgl1 libgl1-mesa-dri   (as root)"
    yield judge(Package("drawing bodies", DRAW, mend), load("import sherrington.body\n" + DRAW))


def load(program: str) -> Answer:
    return ask([sys.executable, "-c", program])


def judge(package: Package, answer: Answer) -> Finding:
    if not answer.problem:
        said = answer.output.strip().splitlines()[-1]
        return Finding(package.subject, "ok", said, needed=package.needed)
    reason = answer.problem.partition(": ")[2] or answer.problem
    return Finding(package.subject, "missing", reason, package.mend, package.needed)
