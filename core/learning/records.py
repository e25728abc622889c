"""The records of the samples and of the model of a workspace."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from ..store.records import Record
from ..vocabulary.classes import ClassScheme
from .assessment import Assessment, fair
from .calibration import Calibration
from .features import SeriesPlan


@dataclass(frozen=True)
class SampleRecord(Record):
    """The record of drawsamples.

    `drawn` samples of each class id, the `plan` of their features, and of each class id the mean and the standard
    deviation of every feature.
    """

    STEP: ClassVar[str] = "drawsamples"
    fingerprint: str
    drawn: Mapping[int, int]
    plan: SeriesPlan
    classes: ClassScheme
    means: Mapping[int, Sequence[float]] = field(default_factory=dict)
    seed: int = 0
    spreads: Mapping[int, Sequence[float]] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """The number of samples."""
        return sum(self.drawn.values())


@dataclass(frozen=True)
class ModelRecord(Record):
    """The record of trainmodel: the classifier, the validations, its calibration, and the importance of each feature.

    `importance` is that of PermutationImportance, None if nothing was tested. `fingerprint` is that of the model,
    `validated` that of the validations too.
    """

    STEP: ClassVar[str] = "trainmodel"
    fingerprint: str
    classifier: str
    seed: int
    samples: int
    classes: ClassScheme
    assessments: tuple[Assessment, ...]
    calibration: Calibration | None = None
    validated: str = ""
    importance: Sequence[float] | None = None

    @property
    def fair(self) -> Assessment | None:
        """The validation to believe; None if nothing could be tested."""
        return fair(self.assessments)

    @property
    def polygons(self) -> Assessment | None:
        """The cross-validation by polygons; None if no class could be tested."""
        return self._assessment("polygons")

    @property
    def blocks(self) -> Assessment | None:
        """The cross-validation by spatial blocks; None if it was not requested, or no class could be tested."""
        return self._assessment("blocks")

    def _assessment(self, kind: str) -> Assessment | None:
        return next((own for own in self.assessments if own.kind == kind), None)
