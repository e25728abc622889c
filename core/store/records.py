"""Records: what a step was asked for and what it found, as a JSON file each, read and written by typed classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol, TypeVar


class Record(Protocol):
    """The record of one step; `STEP` is the operation that writes it and the name of its file."""

    STEP: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        ...

    @classmethod
    def from_json(cls: type[R], values: Mapping[str, Any]) -> R:
        """The inverse of `to_json`; KeyError, TypeError or ValueError if the values are no such record."""
        ...


R = TypeVar("R", bound=Record)


@dataclass(frozen=True)
class RunRecord:
    """A complete run of `makemap`: its parameters, the versions of packages, and the seconds that each step took."""

    STEP: ClassVar[str] = "makemap"
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: Mapping[str, float]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "parameters": dict(self.parameters),
            "versions": dict(self.versions),
            "seconds": dict(self.seconds),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunRecord:
        """The inverse of `to_json`."""
        return cls(values["parameters"], values["versions"], values["seconds"])
