"""The records of the samples and of the model of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from ..vocabulary.classes import ClassScheme
from .assessment import Assessment
from .features import SeriesPlan


@dataclass(frozen=True)
class SampleRecord:
    """The record of drawsamples.

    `drawn` samples of each class id, the `plan` of their features, and the mean features of each class id (text).
    """

    STEP: ClassVar[str] = "drawsamples"
    fingerprint: str
    drawn: Mapping[int, int]
    plan: SeriesPlan
    classes: ClassScheme
    means: Mapping[str, Sequence[float]]
    seed: int

    @property
    def number(self) -> int:
        """The number of samples."""
        return sum(self.drawn.values())

    def with_classes(self, classes: ClassScheme) -> SampleRecord:
        """The same samples with other names or colours."""
        return replace(self, classes=classes)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "fingerprint": self.fingerprint,
            "drawn": {str(id_): number for id_, number in self.drawn.items()},
            "plan": self.plan.to_json(),
            "classes": self.classes.to_json(),
            "means": dict(self.means),
            "seed": self.seed,
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> SampleRecord:
        """The inverse of `to_json`."""
        return cls(
            values["fingerprint"],
            {int(id_): number for id_, number in values["drawn"].items()},
            SeriesPlan.from_json(values["plan"]),
            ClassScheme.from_json(values["classes"]),
            values.get("means", {}),
            values["seed"],
        )


@dataclass(frozen=True)
class ModelRecord:
    """The record of trainmodel: the classifier, the importance of each feature, and the cross-validations."""

    STEP: ClassVar[str] = "trainmodel"
    fingerprint: str
    classifier: str
    seed: int
    samples: int
    classes: ClassScheme
    importances: Sequence[float] | None
    assessments: tuple[Assessment, ...]

    @property
    def polygons(self) -> Assessment | None:
        """The cross-validation by polygons; None if no class could be tested."""
        return self._assessment("polygons")

    @property
    def blocks(self) -> Assessment | None:
        """The cross-validation by spatial blocks; None if it was not asked for, or no class could be tested."""
        return self._assessment("blocks")

    def _assessment(self, kind: str) -> Assessment | None:
        return next((own for own in self.assessments if own.kind == kind), None)

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "fingerprint": self.fingerprint,
            "classifier": self.classifier,
            "seed": self.seed,
            "samples": self.samples,
            "classes": self.classes.to_json(),
            "importances": None if self.importances is None else list(self.importances),
            "assessments": [own.to_json() for own in self.assessments],
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ModelRecord:
        """The inverse of `to_json`."""
        return cls(
            values["fingerprint"],
            values["classifier"],
            values["seed"],
            values["samples"],
            ClassScheme.from_json(values["classes"]),
            values["importances"],
            tuple(Assessment.from_json(row) for row in values["assessments"]),
        )
