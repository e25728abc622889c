"""The record of the map of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..vocabulary.classes import ClassScheme


@dataclass(frozen=True)
class MapRecord:
    """The record of classifypatches: fingerprints by patch id, classes, radius of smoothing, and the model's file and
    identity (None in records of early versions)."""

    STEP: ClassVar[str] = "classifypatches"
    fingerprints: Mapping[str, str]
    classes: ClassScheme
    smoothing: int
    model: str
    identity: str | None

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "fingerprints": dict(self.fingerprints),
            "classes": self.classes.to_json(),
            "smoothing": self.smoothing,
            "model": self.model,
            "identity": self.identity,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> MapRecord:
        """The inverse of `to_json`."""
        return cls(
            values["fingerprints"],
            ClassScheme.from_json(values["classes"]),
            values["smoothing"],
            values["model"],
            values.get("identity"),
        )
