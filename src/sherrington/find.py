"""Shipped things by name, and people's own as ``file.py:function`` beside the experiment."""

from __future__ import annotations

import difflib
import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from .errors import SherringtonError, known


class NotFoundError(SherringtonError):
    """A name that leads nowhere. message: what was found; remedy: how to mend it."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(f"{message}; {remedy}")
        self.message, self.remedy = message, remedy


def find(kind: str, text: str, shipped: Mapping[str, str], folder: Path) -> Callable[..., Any]:
    """The callable named ``text``: a key of ``shipped`` (values ``module:function``) or ``file.py:function``.

    kind: ``"network"`` and the like, for messages. Raises NotFoundError.
    """
    if ".py" in text:
        return _from_file(kind, text, folder)
    if text not in shipped:
        near = difflib.get_close_matches(text, shipped, n=1)
        guess = f"did you mean '{near[0]}'? " if near else ""
        raise NotFoundError(
            f"no shipped {kind} '{text}'", f"{guess}{known(tuple(shipped))}; or name one of yours as file.py:function"
        )
    module, _, name = shipped[text].partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def unknown_arguments(function: Callable[..., Any], given: Mapping[str, Any]) -> tuple[list[str], list[str], list[str]]:
    """(given but unknown, required but not given, all keyword names that exist) of ``function``."""
    parameters = inspect.signature(function).parameters.values()
    if any(p.kind is inspect.Parameter.VAR_KEYWORD for p in parameters):
        return [], [], []
    names = [p.name for p in parameters if p.kind is not inspect.Parameter.VAR_POSITIONAL]
    required = [p.name for p in parameters if p.default is inspect.Parameter.empty and p.name in names]
    return [n for n in given if n not in names], [n for n in required if n not in given], names


def own_line(error: BaseException, folder: Path) -> str:
    """``"file.py, line 7, in f"``: the last frame of a traceback that lies in ``folder``, or the last of all."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if Path(frame.filename).is_relative_to(folder.resolve())]
    if not frames:
        return ""
    frame = (own or list(frames))[-1]
    return f"{Path(frame.filename).name}, line {frame.lineno}, in {frame.name}"


def _from_file(kind: str, text: str, folder: Path) -> Callable[..., Any]:
    file, _, name = text.partition(":")
    path = folder / file
    if not name:
        raise NotFoundError(f"'{text}' names a file but no function", f"write {file}:function")
    if not path.is_file():
        there = sorted(p.name for p in folder.glob("*.py"))
        raise NotFoundError(f"no file '{file}' beside the experiment", f"Python files there: {', '.join(there) or 'none'}")
    module = _load(path)
    found = getattr(module, name, None)
    if callable(found):
        return found
    own = [n for n, v in vars(module).items() if callable(v) and getattr(v, "__module__", "") == module.__name__]
    raise NotFoundError(f"{file} has no function '{name}' for a {kind}", f"in that file {known(own)}")


def _load(path: Path) -> ModuleType:
    """Import a file under a name of its own, with its folder importable for the files beside it."""
    path = path.resolve()
    name = f"sherrington_user_{path.stem}_{abs(hash(path)):x}"
    if name in sys.modules:
        return sys.modules[name]
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise NotFoundError(f"{path.name} cannot be loaded as Python", "give it the ending .py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        where = f"line {error.lineno}" if isinstance(error, SyntaxError) else own_line(error, path.parent)
        raise NotFoundError(
            f"{path.name} failed to load: {type(error).__name__}: {error} ({where})", "correct the file"
        ) from error
    return module
