"""A described body: an MJCF or an OpenSim document, or both, and the names in it. No engine is imported here.

Names are read from the XML, includes followed, so that an experiment is checked before an engine is loaded, for
shipped bodies and for any other file alike.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BodyError
from .aside import ask
from .mjcf_faults import mjcf_faults
from .mjcf_names import MjcfNames
from .osim_faults import osim_faults
from .osim_names import osim_names
from .xml_text import read_xml


@dataclass(frozen=True)
class BodyModel:
    """A body ready to be compiled by an engine.

    mjcf: the document for MuJoCo; osim: the document for OpenSim; at least one of them. Where both are given they
    describe one body with the same names of joints, muscles and bodies in the same order. folder: where meshes and
    includes lie. initial: joint angles in rad at the start, by joint name; those left out start where the keyframe
    ``home`` of the model has them, or else at the model's own default. facts: static numbers for reports. file: the
    name of ``mjcf`` in ``folder``, if it is a file there. Raises BodyError for a document that cannot be read, or
    that is wrong in a way that can be seen without an engine.
    """

    name: str
    mjcf: str = ""
    folder: Path = Path()
    initial: Mapping[str, float] = field(default_factory=dict)
    facts: Mapping[str, object] = field(default_factory=dict)
    osim: str = ""
    file: str = ""

    def __post_init__(self) -> None:
        if not self.mjcf and not self.osim:
            raise BodyError(f"body model '{self.name}' has no document; give it mjcf or osim")
        included: dict[str, str] = {}
        if self.osim:
            _refuse(self.name, osim_faults(self.osim, self.name))
        if self.mjcf:
            names, included = _read_mjcf(self)
        else:
            names = osim_names(self.osim, self.name)
        object.__setattr__(self, "_names", names)
        object.__setattr__(self, "_included", included)

    @property
    def joints(self) -> tuple[str, ...]:
        """Hinge and slide joints of MuJoCo, coordinates of OpenSim; in document order."""
        return self._names["joint"]  # type: ignore[attr-defined, no-any-return]

    @property
    def muscles(self) -> tuple[str, ...]:
        return self._names["muscle"]  # type: ignore[attr-defined, no-any-return]

    @property
    def motors(self) -> tuple[str, ...]:
        """Actuators that are not muscles."""
        return self._names["motor"]  # type: ignore[attr-defined, no-any-return]

    @property
    def bodies(self) -> tuple[str, ...]:
        return self._names["body"]  # type: ignore[attr-defined, no-any-return]

    @property
    def sites(self) -> tuple[str, ...]:
        return self._names["site"]  # type: ignore[attr-defined, no-any-return]

    @property
    def cameras(self) -> tuple[str, ...]:
        return self._names["camera"]  # type: ignore[attr-defined, no-any-return]

    @property
    def included(self) -> Mapping[str, str]:
        """The documents that ``<include file=...>`` names, by that name; their own includes too."""
        return self._included  # type: ignore[attr-defined, no-any-return]

    @staticmethod
    def from_file(path: Path) -> BodyModel:
        """Any ``.osim`` file, or else MJCF. Raises BodyError when it cannot be read as that."""
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            raise BodyError(f"cannot read body model {path}: {error.strerror}") from error
        if path.suffix == ".osim":
            return BodyModel(path.stem, osim=text, folder=path.parent)
        return BodyModel(path.stem, mjcf=text, folder=path.parent, file=path.name)


def _read_mjcf(model: BodyModel) -> tuple[dict[str, tuple[str, ...]], dict[str, str]]:
    """Names by kind, and the included documents. Raises BodyError for the first thing that is wrong."""
    document = read_xml(model.mjcf, model.name, model.folder)
    if document.root.tag != "mujoco":
        raise BodyError(
            f"body model '{model.name}' starts with <{document.root.tag}>; an MJCF document starts with <mujoco>"
        )
    found = MjcfNames(document.root)
    complete = not found.made
    _refuse(model.name, mjcf_faults(document, model.folder, complete=complete))
    names = found.names if complete else _ask_names(model, document.included)
    return {kind: _called(kind, given) for kind, given in names.items()}, document.included


def _refuse(name: str, faults: Iterator[str]) -> None:
    fault, more = next(faults, None), list(faults)
    if fault is not None:
        rest = f" (and {len(more)} more: {'; '.join(more)})" if more else ""
        raise BodyError(f"body model '{name}': {fault}{rest}")


def _ask_names(model: BodyModel, included: dict[str, str]) -> dict[str, list[str]]:
    folder = str(model.folder.resolve())
    names: dict[str, list[str]] = ask(
        "names", name=model.name, mjcf=model.mjcf, folder=folder, file=model.file, included=included
    )
    return names


def _called(kind: str, names: Sequence[str]) -> tuple[str, ...]:
    """An element without a name is called by its kind and place."""
    return tuple(name or f"{kind}{i}" for i, name in enumerate(names))
