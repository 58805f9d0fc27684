"""Which build of NEST with MPI a process with several ranks takes."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from sherrington.errors import NotNowError
from sherrington.install import mpi
from sherrington.install.mpi import Build


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(mpi.CACHE_VARIABLE, str(tmp_path))
    return tmp_path


def stamped(cache: Path, name: str, time_s: float, **but: str) -> Build:
    """A build of a site's own MPI, whose library is a file in the cache."""
    folder = cache / "nest-mpi" / name
    (folder / "site").mkdir(parents=True)
    libmpi = cache / f"libmpi-{name}.so"
    libmpi.touch()
    facts = {"nest": mpi.nest_version(), "python": mpi.python_tag(), "library": "Some MPI 1.0", "wheel": ""}
    build = Build(folder=folder, libmpi=libmpi, mpiexec=None, time_s=time_s, **(facts | but))
    mpi.write_stamp(build, {"flags": ["with-mpi=ON"]})
    return build


def test_without_a_build_there_is_none_and_the_message_has_the_command(cache: Path) -> None:
    assert mpi.site() is None
    with pytest.raises(
        NotNowError, match=r"has no build of it for cpython.*sherrington install-mpi"
    ) as raised:
        mpi.require()
    assert str(cache) in str(raised.value) and mpi.nest_version() in str(raised.value)


def test_the_build_that_was_asked_for_last_is_taken(cache: Path) -> None:
    stamped(cache, "later", 2.0)
    stamped(cache, "first", 1.0)
    assert mpi.site() == cache / "nest-mpi" / "later" / "site"
    assert mpi.current() == mpi.require() == stamped_again(cache, "later")


def stamped_again(cache: Path, name: str) -> Build | None:
    return next((build for build in mpi.builds() if build.folder.name == name), None)


def test_what_does_not_fit_is_not_taken(cache: Path) -> None:
    stamped(cache, "other-nest", 2.0, nest="3.9.0")
    stamped(cache, "other-python", 3.0, python="cpython-39-x86_64")
    stamped(cache, "other-wheel", 4.0, wheel="1.2.3")
    (cache / "nest-mpi" / "interrupted" / "site").mkdir(parents=True)
    gone = stamped(cache, "gone", 5.0)
    gone.libmpi.unlink()
    assert list(mpi.builds()) == []
    fitting = stamped(cache, "fitting", 1.0)
    assert list(mpi.builds()) == [fitting]


def test_a_wheel_is_found_where_it_lies_in_this_environment(cache: Path) -> None:
    if not mpi.wheel_version():
        pytest.skip("the package mpich is not installed here: pip install 'sherrington[mpi]'")
    stamped(cache, "wheel", 1.0, wheel=mpi.wheel_version())
    build = mpi.require()
    assert build.libmpi.is_relative_to(sys.prefix) and build.libmpi.name == "libmpi.so.12"
    assert build.mpiexec is not None and os.access(build.mpiexec, os.X_OK)


def test_the_cache_lies_in_the_home_unless_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(mpi.CACHE_VARIABLE, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert mpi.cache() == tmp_path / ".cache" / "sherrington"


ACTIVATE = """
import os, sys
{before}
from pathlib import Path
from sherrington.install.mpi import Build
Build(Path({folder!r}), "", "", "", "", Path("/lib/libmpi.so.12"), None, 0.0).activate()
import nest
print(nest.__file__, os.environ["MPI4PY_LIBMPI"])
"""


def activated(folder: Path, before: str = "") -> subprocess.CompletedProcess[str]:
    (folder / "site" / "nest").mkdir(parents=True, exist_ok=True)
    (folder / "site" / "nest" / "__init__.py").touch()
    program = ACTIVATE.format(folder=str(folder), before=before)
    return subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)


def test_an_activated_process_imports_the_build(tmp_path: Path) -> None:
    answer = activated(tmp_path)
    assert answer.stdout.split() == [str(tmp_path / "site" / "nest" / "__init__.py"), "/lib/libmpi.so.12"]


def test_a_library_named_by_the_site_is_kept(tmp_path: Path) -> None:
    answer = activated(tmp_path, "os.environ['MPI4PY_LIBMPI'] = '/opt/site/libmpi.so.12'")
    assert answer.stdout.split()[1] == "/opt/site/libmpi.so.12"


def test_too_late_is_said(tmp_path: Path) -> None:
    answer = activated(tmp_path, "import types; sys.modules['nest'] = types.ModuleType('nest')")
    assert answer.returncode == 1
    assert "nest was imported before this process knew that it is one of several ranks" in answer.stderr


def test_a_stamp_is_read_as_it_was_written(cache: Path) -> None:
    build = stamped(cache, "one", 1.5)
    assert list(mpi.builds()) == [build]
    assert replace(build, time_s=2.0) not in list(mpi.builds())
