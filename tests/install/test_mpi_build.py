"""Building NEST with MPI: what is looked for first, what is kept of an interrupted build, and what two ranks say."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from rich.console import Console

from sherrington.errors import NotNowError
from sherrington.install import mpi, mpi_build, mpi_needs
from sherrington.install.mpi import Build
from sherrington.install.mpi_library import (
    LIBRARY_FILE,
    Library,
    find_library,
    library_version,
    linked_library,
)
from sherrington.install.mpi_steps import Steps
from sherrington.install.progress import BuildProgress

needs_wheel = pytest.mark.skipif(not mpi.wheel_version(), reason="pip install 'sherrington[mpi]'")
needs_compiler = pytest.mark.skipif(not shutil.which("cc"), reason="no C compiler here: apt-get install gcc")

SITE_WRAPPER = """\
#!/bin/sh
exec cc -I{include} "$@" -L{lib} -Wl,-rpath,{lib} -l:libmpi.so.12
"""


@pytest.fixture(scope="session")
def own_mpi(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """mpicc of a site's own MPI: the libraries of the package mpich in another place, behind a wrapper of their own."""
    place = tmp_path_factory.mktemp("site-mpi")
    libmpi, _ = mpi.wheel_files()
    (place / "bin").mkdir()
    shutil.copytree(libmpi.parent / "mpich", place / "lib" / "mpich")
    shutil.copy(libmpi, place / "lib")
    for name in ("mpicc", "mpicxx", "mpiexec"):
        wrapper = place / "bin" / name
        wrapper.write_text(SITE_WRAPPER.format(include=mpi.wheel_file("mpi.h").parent, lib=place / "lib"))
        wrapper.chmod(0o755)
    return place / "bin" / "mpicc"


@needs_wheel
def test_the_package_mpich_is_the_default() -> None:
    library = find_library()
    assert library.wheel == mpi.wheel_version()
    assert library.name == f"MPICH {library.wheel}" and library.short == f"mpich-{library.wheel}"
    assert library.libmpi == mpi.wheel_files()[0]


@needs_wheel
@needs_compiler
def test_a_sites_own_mpi_is_asked_by_its_compiler(own_mpi: Path) -> None:
    library = find_library(own_mpi)
    assert library.wheel == "", "the same version in another place is not the package"
    assert library.libmpi == own_mpi.parent.parent / "lib" / "libmpi.so.12"
    assert (library.mpicxx, library.mpiexec) == (own_mpi.with_name("mpicxx"), own_mpi.with_name("mpiexec"))


@needs_wheel
@needs_compiler
def test_two_mpis_side_by_side_are_not_mixed(own_mpi: Path) -> None:
    """As on Debian: ``mpicc`` is of one MPI, ``mpicc.mpich`` of the other. By the same ending they belong together."""
    other = own_mpi.with_name("mpicc.other")
    if not other.exists():
        for name in ("mpicc", "mpicxx", "mpiexec"):
            shutil.copy(own_mpi.with_name(name), own_mpi.with_name(f"{name}.other"))
    library = find_library(other)
    assert (library.mpicxx.name, library.mpiexec and library.mpiexec.name) == (
        "mpicxx.other",
        "mpiexec.other",
    )
    with pytest.raises(NotNowError, match=r"mpicc\.other and .*mpicxx are of two MPIs; .*--mpicxx"):
        find_library(other, mpi.wheel_file("mpicxx"))


@needs_wheel
@needs_compiler
def test_an_mpi_whose_launcher_does_not_start_ranks_is_refused_before_building(own_mpi: Path) -> None:
    """Its mpiexec is a compiler here."""
    with pytest.raises(
        NotNowError, match=r"two ranks of MPICH .* cannot be started.*\n *mend: --launch COMMAND"
    ):
        mpi_build.check_mpi(find_library(own_mpi))
    launch = f"{mpi.wheel_file('mpiexec')} -n"
    mpi_build.check_mpi(find_library(own_mpi), f"{launch} 2")
    with pytest.raises(NotNowError, match="do not work together"):
        mpi_build.check_mpi(find_library(own_mpi), f"{launch} 1")


@needs_wheel
@needs_compiler
def test_the_compilers_of_the_package_are_known_as_its_own() -> None:
    assert find_library(mpi.wheel_file("mpicc")) == find_library()


@needs_compiler
def test_a_compiler_without_mpi_is_refused() -> None:
    with pytest.raises(NotNowError, match=r"this MPI cannot be used: .*mpi\.h"):
        linked_library(Path(shutil.which("cc") or ""))


def test_a_file_that_is_no_mpi_is_refused() -> None:
    with pytest.raises(NotNowError, match="this MPI cannot be used"):
        library_version(Path("/nowhere/libmpi.so"))


def test_no_mpi_at_all_names_the_ways_to_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(mpi, "MPICH_WHEEL", "no-such-package")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotNowError, match=r"no mpicc: .*sherrington\[mpi\].*module load.*--mpicc"):
        find_library()


def library(version: str = "MPICH Version:      5.0.2\nMPICH Device: ch4") -> Library:
    return Library(Path("mpicc"), Path("mpicxx"), Path("libmpi.so"), None, version, "")


@pytest.mark.parametrize(
    ("version", "name", "short"),
    [
        ("MPICH Version:      5.0.2\nMPICH Device: ch4", "MPICH 5.0.2", "mpich-5.0.2"),
        ("Open MPI v4.1.4, package: Debian OpenMPI, ident: 4.1.4", "Open MPI v4.1.4", "open-mpi-v4.1.4"),
        ("Intel(R) MPI Library 2021.11 for Linux* OS\n", "Intel(R) MPI 2021.11 for Linux* OS", None),
    ],
)
def test_names_of_libraries(version: str, name: str, short: str | None) -> None:
    assert library(version).name == name
    assert short is None or library(version).short == short


def test_bindings_to_other_languages_are_not_taken_for_the_library() -> None:
    """What ``ldd`` says of C++ programs of Open MPI 4.1, MPICH 4.0, Intel MPI and Cray MPICH."""
    names = ("libmpi_cxx.so.40", "libmpi.so.40", "libmpichcxx.so.12", "libmpich.so.12", "libmpicxx.so.12")
    names += ("libmpifort.so.12", "libmpi_gnu_123.so.12", "libmpi_mpifh.so.40", "libm.so.6")
    lines = "".join(f"\t{name} => /lib/{name} (0x00007f0000000000)\n" for name in names)
    assert LIBRARY_FILE.findall(lines) == [
        f"/lib/{name}" for name in ("libmpi.so.40", "libmpich.so.12", "libmpi_gnu_123.so.12")
    ]


def test_builds_with_another_library_or_flags_lie_apart() -> None:
    """The device of an MPICH is in its version text, and two of them are not the same library."""
    same = library()
    other = library("MPICH Version:      5.0.2\nMPICH Device: ch3")
    assert mpi_build.place(same) == mpi_build.place(library()) != mpi_build.place(other)
    assert same.digest(("with-mpi=ON",)) != same.digest(("with-mpi=ON", "with-optimize=-O3"))


def test_everything_missing_is_named_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On a machine without compilers: an empty path."""
    (tmp_path / "apt-get").touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotNowError) as raised:
        mpi_needs.demand()
    assert "needs a C compiler; a C++ compiler" in str(raised.value)
    assert "mend: apt-get install --no-install-recommends gcc g++" in str(raised.value)


def test_headers_of_a_sites_module_count(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not mpi_needs.has_header("no/such/header.h")
    (tmp_path / "include").mkdir()
    (tmp_path / "include" / "ours.h").touch()
    monkeypatch.setenv("CMAKE_PREFIX_PATH", f"/nowhere:{tmp_path}")
    assert mpi_needs.has_header("ours.h")


@pytest.mark.parametrize(
    ("tool", "packages"), [("dnf", "gsl-devel"), ("zypper", "gsl-devel, under the names")]
)
def test_other_systems_get_their_own_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, tool: str, packages: str
) -> None:
    (tmp_path / tool).touch(mode=0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    gsl = [need for need in mpi_needs.NEEDS if "Scientific" in need.what]
    assert packages in mpi_needs.mending(gsl)


@pytest.fixture
def steps(tmp_path: Path) -> Steps:
    return Steps(tmp_path, library(), 1, lambda line: None, os.open(tmp_path, os.O_RDONLY))


def test_a_step_that_failed_says_where_its_log_is_and_begins_anew(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No package index answers here; the folder of the step keeps its provisional name."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "nowhere"))
    for _ in range(2):
        with pytest.raises(NotNowError, match=r"(?s)stopped: .*pip.*build\.log.*the same command again"):
            steps.tools()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["build.log", "tools.new"]


def test_a_step_that_was_done_is_not_done_again(
    steps: Steps, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    for name in ("tools", "source", "wheel", "site"):
        (tmp_path / name).mkdir()
    steps.tools()
    steps.source()
    steps.compile()
    steps.install()
    assert not (tmp_path / "build.log").exists()


def test_what_only_building_needs_is_removed(steps: Steps, tmp_path: Path) -> None:
    for name in ("tools", "source", "objects", "wheel", "site"):
        (tmp_path / name).mkdir()
    steps.tidy()
    assert [path.name for path in tmp_path.iterdir()] == ["site"]


def test_two_builds_in_one_place_wait_for_each_other(tmp_path: Path) -> None:
    """The second says who builds and goes on when the first, another process, has ended."""
    program = """
        import sys
        from pathlib import Path
        from sherrington.install.mpi_build import locked
        with locked(Path(sys.argv[1]), print):
            print("building", flush=True)
            sys.stdin.read()
    """
    first = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(program), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert first.stdin and first.stdout and first.stdout.readline() == "building\n"
    said: list[str] = []
    heard, entered = threading.Event(), threading.Event()

    def second() -> None:
        with mpi_build.locked(tmp_path, lambda text: (said.append(text), heard.set())[0]):
            entered.set()

    thread = threading.Thread(target=second)
    thread.start()
    assert heard.wait(30) and f"process {first.pid} " in said[0] and not entered.is_set()
    first.communicate("", timeout=30)
    assert entered.wait(30)
    thread.join()


def shown(lines: list[str], terminal: bool) -> str:
    console = Console(force_terminal=terminal, width=100, record=True, file=io.StringIO())
    with BuildProgress(console) as progress:
        progress.say("compiling")
        for line in lines:
            progress.line(line)
    return console.export_text()


def test_progress_is_plain_lines_where_there_is_no_terminal() -> None:
    """The first line, then one now and then, and the last."""
    lines = [f"  [{n}/219] Building CXX object models/x.dir/iaf_{n}.cpp.o\n" for n in range(1, 220)]
    text = shown(["-- configuring\n", *lines], terminal=False)
    assert text.splitlines() == ["compiling", "  compiled 1 of 219", "  compiled 219 of 219"]


def test_progress_is_a_bar_on_a_terminal() -> None:
    text = shown(["  [7/219] Building CXX object models/CMakeFiles/x.dir/iaf_psc_exp.cpp.o"], terminal=True)
    assert "7/219" in text and "iaf_psc_exp.cpp.o" in text


def probe(mpi_nest: Build, ranks: int, **more: str) -> dict[str, object]:
    command = [str(mpi_nest.mpiexec), "-n", str(ranks), sys.executable, "-m", "sherrington.install.mpi_probe"]
    answer = subprocess.run(
        command, env=os.environ | more, capture_output=True, text=True, timeout=120, check=False
    )
    assert answer.stdout, answer.stderr
    return dict(json.loads(answer.stdout))


def test_two_ranks_share_one_library_and_exchange_spikes(mpi_nest: Build) -> None:
    facts = probe(mpi_nest, 2)
    assert facts["works"], facts
    assert (facts["ranks"], facts["nest_ranks"], facts["spikes"]) == (2, 2, 6)
    assert facts["libraries"] == [str(mpi_nest.libmpi.resolve())]


@needs_wheel
def test_a_library_of_the_same_binary_interface_takes_its_place(mpi_nest: Build, own_mpi: Path) -> None:
    """As a container does with the MPI of its host."""
    if not mpi_nest.wheel:
        pytest.skip("the build here is with a site's MPI, and the test has another copy of the package mpich")
    hosts = own_mpi.parent.parent / "lib" / "libmpi.so.12"
    facts = probe(mpi_nest, 2, MPI4PY_LIBMPI=str(hosts))
    assert facts["works"] and facts["libraries"] == [str(hosts)], facts


def test_a_process_of_its_own_has_the_ordinary_nest(mpi_nest: Build) -> None:
    """The build changes nothing in the environment: NEST without MPI is what `import nest` finds."""
    program = "import warnings; warnings.simplefilter('ignore'); import nest; print(nest.__file__)"
    answer = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    file = Path(answer.stdout.split()[-1])
    assert file.is_relative_to(sys.prefix) and not file.is_relative_to(mpi_nest.folder)


def test_the_command_a_second_time_only_names_the_build(mpi_nest: Build) -> None:
    if not mpi_nest.wheel:
        pytest.skip("the build here is with a site's MPI")
    command = [sys.executable, "-m", "sherrington.cli", "install-mpi"]
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    assert answer.stdout.strip() == f"NEST {mpi_nest.nest} with {mpi_nest.library}: {mpi_nest.site}"
    assert answer.stderr == ""
