"""What is tracked is small, names no machine and no package index, and the files agree with each other."""

import ast
import re
import subprocess
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LARGEST_BYTES = 1_000_000

# Written in pieces, so that this file does not contain what it looks for.
INDEX_HOSTS = ("py" + "pi.org", "python" + "hosted.org", "deb." + "debian.org", "registry." + "npmjs.org")
MACHINE_PATHS = tuple(
    "/" + folder for folder in ("wo" + "rk/", "ro" + "ot/", "ho" + "me/", "Us" + "ers/", "tm" + "p/")
)
# Such a path starts a word: neither a folder inside the project nor part of a web address is meant.
FORBIDDEN = re.compile(
    "|".join(
        [*map(re.escape, INDEX_HOSTS), *(rf"(?<![\w./~$}}-]){re.escape(path)}" for path in MACHINE_PATHS)]
    )
)


@cache
def tracked() -> tuple[Path, ...]:
    """Files that git tracks or would track; outside a checkout there is nothing to look at."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listing = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"not a git checkout: {error}")
    files = (ROOT / name for name in listing.split("\0") if name)
    return tuple(file for file in files if file.is_file())


def project_version() -> str:
    return str(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"])


def test_files_are_small() -> None:
    large = {str(file.relative_to(ROOT)): file.stat().st_size for file in tracked()}
    assert large, "git lists no file"
    large = {name: size for name, size in large.items() if size > LARGEST_BYTES}
    assert not large, f"over {LARGEST_BYTES} bytes: {large}"


def test_no_index_address_and_no_machine_path() -> None:
    found = []
    for file in tracked():
        for number, line in enumerate(file.read_bytes().decode("utf-8", errors="replace").splitlines(), 1):
            found += [f"{file.relative_to(ROOT)}:{number}: {hit}" for hit in FORBIDDEN.findall(line)]
    assert not found, "\n".join(found)


def test_the_search_finds_what_it_looks_for() -> None:
    assert FORBIDDEN.search(f"pip install --index-url https://{INDEX_HOSTS[0]}/simple")
    assert FORBIDDEN.search(f'path = "{MACHINE_PATHS[0]}main"')
    assert not FORBIDDEN.search("src/wo" + "rk/x.py and $HOME/ho" + "me/x")


@pytest.mark.parametrize("folder", ["src", "tests", "benchmarks", "examples", "docs"])
def test_modules_have_a_docstring(folder: str) -> None:
    files = [file for file in tracked() if file.suffix == ".py" and file.is_relative_to(ROOT / folder)]
    files = [
        file for file in files if "broken" not in file.parts
    ]  # wrong on purpose, some are not even Python
    assert files, f"no Python file in {folder}/"
    bare = [str(file.relative_to(ROOT)) for file in files if not has_docstring(file)]
    assert not bare, f"no module docstring in {', '.join(bare)}"


def has_docstring(file: Path) -> bool:
    return bool(ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))))


@pytest.mark.parametrize(
    ("file", "line"), [("CHANGELOG.md", r"## \[{version}\].*"), ("CITATION.cff", r"version: {version}")]
)
def test_files_name_the_version(file: str, line: str) -> None:
    wanted = re.compile(line.format(version=re.escape(project_version())))
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    assert any(wanted.fullmatch(each) for each in lines), f"{file} does not name version {project_version()}"


def test_lock_files_pin_exactly() -> None:
    files = sorted((ROOT / "requirements").glob("*.txt"))
    assert [file.stem for file in files] == ["bench", "build", "check", "models", "mpi", "run", "test"]
    pin = re.compile(r"[a-z0-9-]+==[0-9][\w.]*")
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    assert [line for line in lines if not line.startswith("#") and not pin.fullmatch(line)] == []


def test_every_link_in_the_documentation_leads_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)#\s]+)")
    pages = [file for file in tracked() if file.suffix == ".md"]
    assert pages, "no page"
    texts = {page: page.read_text(encoding="utf-8") for page in pages}
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page, text in texts.items()
        for target in link.findall(text)
        if not (page.parent / target).exists()
    ]
    assert not broken, "\n".join(broken)
