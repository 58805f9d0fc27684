"""The two container definitions: the same steps and files in both, nothing opened, nobody root.

That the steps work is what `make check-containers` finds out, in a fresh Debian.
"""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "containers"
CONTAINERFILE = (FOLDER / "Containerfile").read_text(encoding="utf-8")
APPTAINER = (FOLDER / "sherrington.def").read_text(encoding="utf-8")
SCRIPT = (FOLDER / "install.sh").read_text(encoding="utf-8")
INSIDE = "/usr/src/sherrington"


def steps(text: str) -> list[str]:
    """The steps of install.sh that a definition calls, in its order."""
    return re.findall(r"^[^#\n]*install\.sh (\w+)$", text, re.MULTILINE)


def sections() -> dict[str, list[str]]:
    """The Apptainer definition, its lines by section."""
    _, *parts = re.split(r"^%(\w+).*\n", APPTAINER, flags=re.MULTILINE)
    lines = [[line.strip() for line in text.splitlines() if line.strip()] for text in parts[1::2]]
    return dict(zip(parts[0::2], lines, strict=True))


def test_both_take_the_same_steps_in_the_same_order() -> None:
    mine = steps(CONTAINERFILE)
    assert mine == ["system", "environment", "nest", "user", "check"]
    assert steps(APPTAINER) == [step for step in mine if step != "user"], (
        "Apptainer runs as whoever starts it"
    )
    assert re.findall(r"^(\w+)\(\) \{", SCRIPT, re.MULTILINE) == mine


def test_both_have_the_same_files() -> None:
    copied = [line.split()[1:] for line in CONTAINERFILE.splitlines() if line.startswith("COPY")]
    one = {name for *names, _ in copied for name in names}
    other = dict(line.split() for line in sections()["files"])
    assert one == other.keys() and all((FOLDER.parent / name).exists() for name in one)
    assert all(target == f"{INSIDE}/{name}" for name, target in other.items())
    for *names, target in copied:
        assert target in (f"{INSIDE}/", f"{INSIDE}/{names[0]}")


def test_both_start_from_the_same_debian() -> None:
    assert "FROM debian:12-slim" in CONTAINERFILE
    assert "Bootstrap: docker\nFrom: debian:12-slim" in APPTAINER


def test_no_port_is_opened_and_nobody_is_root() -> None:
    instructions = [line for line in CONTAINERFILE.splitlines() if line and not line.startswith("#")]
    words = [line.split()[0] for line in instructions]
    assert set(words) == {"FROM", "COPY", "ENV", "RUN", "USER", "WORKDIR", "ENTRYPOINT"}, (
        "EXPOSE, say, is none"
    )
    assert "USER sherrington" in instructions[: words.index("ENTRYPOINT")]
    assert sections().keys() == {"files", "post", "environment", "test", "runscript"}, (
        "startscript, say, is none"
    )


def test_what_is_installed_comes_from_the_lock_files() -> None:
    """No package is named but those of the system; pip is given files and the checkout."""
    installs = re.findall(r"pip install (.*)", SCRIPT)
    assert len(installs) == 2 and all("--no-deps" in line and '"$SOURCE' in line for line in installs)
    (locks,) = re.findall(r"for lock in (.*); do", SCRIPT)
    assert all((FOLDER.parent / "requirements" / f"{lock}.txt").exists() for lock in locks.split())


def test_an_unknown_step_is_refused() -> None:
    command = ["sh", str(FOLDER / "install.sh"), "everything"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert answer.returncode == 2
    assert answer.stderr.strip().endswith("there are: system environment nest user check")
