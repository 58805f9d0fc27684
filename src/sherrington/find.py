"""Shipped things by name, and people's own as ``file.py:function`` beside the experiment."""

from __future__ import annotations

import difflib
import hashlib
import importlib
import inspect
import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any, cast

from .errors import SherringtonError, known

_FILE = re.compile(r"(?P<file>[^:]*\.py)(?::(?P<name>.*))?")


class NotFoundError(SherringtonError):
    """A name that leads nowhere. message: what was found; remedy: how to mend it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message, self.remedy = message, remedy


def find(kind: str, text: str, shipped: Mapping[str, str], folder: Path) -> Callable[..., Any]:
    """The callable named ``text``: a key of ``shipped`` (values ``module:function``) or ``file.py:function``.

    kind: ``"network"`` and the like, for messages. Raises NotFoundError.
    """
    own = _FILE.fullmatch(text)
    if own:
        return _in_file(kind, own["file"], own["name"] or "", folder)
    if not shipped:
        raise NotFoundError(
            f"'{text}' names no function", f"write file.py:function, the {kind} of the experiment"
        )
    if text not in shipped:
        remedy = f"{_near(text, shipped)}{known(tuple(shipped))}; or name one of yours as file.py:function"
        raise NotFoundError(f"no shipped {kind} '{text}'", remedy)
    module, _, name = shipped[text].partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def file_beside(text: str, folder: Path, suffix: str) -> Path:
    """The file ``text`` in ``folder`` or below it. Raises NotFoundError with the files of that suffix there."""
    path = folder / text
    if not path.resolve().is_relative_to(folder.resolve()):
        raise NotFoundError(
            f"'{text}' lies outside the folder of the experiment",
            "copy it beside experiment.yaml, so that the folder holds all that a run needs",
        )
    if path.is_file():
        return path
    there = sorted(str(p.relative_to(folder)) for p in folder.glob(f"*{suffix}"))
    guess = _near(text, dict.fromkeys(there))
    raise NotFoundError(
        f"no file '{text}' beside experiment.yaml",
        f"{guess}{suffix} files there: {', '.join(there) or 'none'}",
    )


def find_in_text(kind: str, text: str, name: str, path: Path, folder: Path) -> Callable[..., Any]:
    """The callable ``name`` of Python text that stands for the file ``path`` of ``folder``, which need not exist.

    Raises NotFoundError; its cause, if any, is what the text raised.
    """
    module = _import(text.encode(), path, folder)
    return _in_module(kind, path.name, name, module)


def unknown_arguments(
    function: Callable[..., Any], given: Mapping[str, Any]
) -> tuple[list[str], list[str], list[str]]:
    """(given but unknown, required but not given, all keyword names that exist) of ``function``."""
    parameters = inspect.signature(function).parameters.values()
    catch_all = {inspect.Parameter.VAR_KEYWORD, inspect.Parameter.VAR_POSITIONAL}
    names = [p.name for p in parameters if p.kind not in catch_all]
    required = [p.name for p in parameters if p.default is inspect.Parameter.empty and p.name in names]
    takes_any = any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters)
    unknown = [] if takes_any else [n for n in given if n not in names]
    return unknown, [n for n in required if n not in given], names


def raised(error: BaseException, folder: Path) -> str:
    """``"ValueError: message (net.py, line 7, in build)"``: an error of somebody's own code, and where it was raised.

    The last frame that lies in ``folder``, else the last of all. An error of ours needs no type, and a place only
    in somebody's own code.
    """
    name = "" if isinstance(error, SherringtonError) else f"{type(error).__name__}: "
    if isinstance(error, SyntaxError) and error.filename:
        return f"{name}{error.msg} ({Path(error.filename).name}, line {error.lineno})"
    frames = list(traceback.extract_tb(error.__traceback__))
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder.resolve())]
    if not frames or (not own and isinstance(error, SherringtonError)):
        return f"{name}{error}"
    frame = (own or frames)[-1]
    where = f", in {frame.name}" if frame.name != "<module>" else ""
    return f"{name}{error} ({Path(frame.filename).name}, line {frame.lineno}{where})"


def _near(text: str, names: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(text, names, n=1)
    return f"did you mean '{close[0]}'? " if close else ""


# --- people's own files -----------------------------------------------------------------------------------


def _in_file(kind: str, file: str, name: str, folder: Path) -> Callable[..., Any]:
    path = file_beside(file, folder, ".py")
    return _in_module(kind, file, name, _load(path, folder))


def _in_module(kind: str, file: str, name: str, module: ModuleType) -> Callable[..., Any]:
    own = {
        n: v
        for n, v in vars(module).items()
        if callable(v) and getattr(v, "__module__", "") == module.__name__
    }
    if not name:
        raise NotFoundError(
            f"'{file}' names a file but no function", f"write {file}:FUNCTION; {known(tuple(own))}"
        )
    found = getattr(module, name, None)
    if callable(found):
        return cast(Callable[..., Any], found)
    if found is not None:
        raise NotFoundError(
            f"'{name}' in {file} is no function but {found!r}", f"functions {known(tuple(own))}"
        )
    raise NotFoundError(f"{file} has no function '{name}'", f"{_near(name, own)}{known(tuple(own))}")


def _load(path: Path, folder: Path) -> ModuleType:
    path = path.resolve()
    try:
        text = path.read_bytes()
    except OSError as error:
        raise NotFoundError(
            f"{path.name} cannot be read: {error.strerror}", "check that you may read it"
        ) from error
    return _import(text, path, folder)


def _import(text: bytes, path: Path, folder: Path) -> ModuleType:
    """Import a file under a name that nothing else has: its path and its text. Nothing is written beside it."""
    digest = hashlib.blake2b(bytes(path) + b"\0" + text, digest_size=8).hexdigest()
    name = f"sherrington_user_{path.stem}_{digest}"
    if name in sys.modules:
        _enter(path.parent)
        return sys.modules[name]
    module = ModuleType(name)
    module.__file__ = str(path)
    sys.modules[name] = module
    try:
        with _importing_from(path.parent):
            exec(compile(text, str(path), "exec"), vars(module))
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        raise NotFoundError(
            f"{path.name} failed to load: {raised(error, folder)}", "correct it there"
        ) from error
    return module


@contextmanager
def _importing_from(folder: Path) -> Iterator[None]:
    _enter(folder)
    before, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        yield
    finally:
        sys.dont_write_bytecode = before


_entered: list[Path] = []
_left: dict[Path, dict[str, ModuleType]] = {}


def _enter(folder: Path) -> None:
    """Make the files of ``folder`` importable, and those of no other: two experiments may both have a ``muscles.py``.

    The folder comes last on the path, so that no file in it can take the place of an installed library.
    """
    if _entered == [folder]:
        return
    for old in _entered:
        _left[old] = {n: m for n, m in sys.modules.items() if _is_imported_from(old, n, m)}
        for name in _left[old]:
            del sys.modules[name]
        sys.path.remove(str(old))
    sys.modules.update(_left.get(folder, {}))
    sys.path.append(str(folder))
    importlib.invalidate_caches()
    _entered[:] = [folder]


def _is_imported_from(folder: Path, name: str, module: ModuleType) -> bool:
    """Whether a module is ``folder/name.py`` or lies in ``folder/name``; not: somewhere below, as a ``.venv`` may."""
    file, top = getattr(module, "__file__", None), name.partition(".")[0]
    return bool(file) and (
        Path(str(file)) == folder / f"{top}.py" or Path(str(file)).is_relative_to(folder / top)
    )
