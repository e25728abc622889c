"""Tables of the report: classes, confusion matrix, scores and acquisitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..learning.assessment import Assessment
from ..learning.intervals import Estimate
from ..learning.records import ModelRecord
from ..vocabulary.classes import LandCoverClass
from .facts import ClassCount, Facts
from .words import class_label, count

_TABLE_COLUMNS = 3
_LONG_TABLE = 12
_KINDS = {
    "random": ("Random pixels", "pixel"),
    "polygons": ("By polygons", "polygon"),
    "blocks": ("By spatial blocks", "block"),
    "regions": ("By regions", "region"),
    "independent": ("Independent polygons", "polygon"),
}


@dataclass(frozen=True)
class ClassRow:
    """One class: its counts, hectares and share of the map, and `bar`, its area relative to the largest class."""

    entry: LandCoverClass
    text: str
    count: ClassCount
    hectares: float | None
    share: float | None
    bar: float


@dataclass(frozen=True)
class Cell:
    """Test pixels of a reference class predicted as one class, and their fraction of the row; None in an empty row."""

    pixels: int
    fraction: float | None
    correct: bool

    @property
    def shade(self) -> str:
        """Background colour: green for correct, red for wrong, darker for larger fractions."""
        colour = "17,119,51" if self.correct else "196,60,40"
        return f"rgba({colour},{0.75 * (self.fraction or 0.0) ** 0.6:.3f})"


@dataclass(frozen=True)
class MatrixRow:
    """A class of the reference and its predictions."""

    entry: LandCoverClass
    text: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ScoreRow:
    """Scores of one class; None if it was not tested, precision also if it was never predicted."""

    entry: LandCoverClass
    text: str
    precision: Estimate | None
    recall: Estimate | None
    f1: Estimate | None
    pixels: int
    polygons: int


@dataclass(frozen=True)
class ValidationRow:
    """One kind of validation, its test groups as text, its result, and whether it is the one to believe."""

    name: str
    groups: str
    assessment: Assessment
    believed: bool


@dataclass(frozen=True)
class AcquisitionRow:
    """One acquisition and its fractions; None where unknown."""

    time: datetime
    satellite: str
    coverage: float | None
    cloud_cover: float | None
    valid: float | None


def class_rows(facts: Facts) -> list[ClassRow]:
    """All classes, in order of id."""
    rows = []
    largest = max((item.mapped for item in facts.classes), default=0)
    for item in facts.classes:
        hectares = share = None
        if facts.mapped:
            hectares = item.mapped * facts.pixel_area / 1e4
            share = item.mapped / facts.mapped.pixels if facts.mapped.pixels else 0.0
        rows.append(ClassRow(item.entry, class_label(item.entry), item, hectares, share, item.mapped / max(largest, 1)))
    return rows


def matrix_rows(facts: Facts, assessment: Assessment) -> list[MatrixRow]:
    """The confusion matrix: a row for each class of the reference, a column for each predicted class."""
    rows = []
    for number, (id_, counts) in enumerate(zip(assessment.class_ids, assessment.confusion.tolist(), strict=True)):
        total = sum(counts)
        cells = tuple(
            Cell(pixels, pixels / total if total else None, column == number) for column, pixels in enumerate(counts)
        )
        entry = facts.entry(id_)
        rows.append(MatrixRow(entry, class_label(entry), cells))
    return rows


def score_rows(facts: Facts, training: ModelRecord, assessment: Assessment) -> list[ScoreRow]:
    """All classes of the model, tested or not."""
    scores = {score.class_id: score for score in assessment.scores if score.pixels}
    predicted = dict(zip(assessment.class_ids, assessment.confusion.sum(axis=0).tolist(), strict=True))
    rows = []
    for item in facts.classes:
        if item.entry.id in training.classes.ids:
            score = scores.get(item.entry.id)
            rows.append(
                ScoreRow(
                    item.entry,
                    class_label(item.entry),
                    score.precision if score and predicted[item.entry.id] else None,
                    score.recall if score else None,
                    score.f1 if score else None,
                    score.pixels if score else 0,
                    item.sampled_polygons,
                )
            )
    return rows


def validation_name(kind: str) -> str:
    """The name of a kind of validation."""
    return _KINDS[kind][0]


def validation_rows(training: ModelRecord | None) -> list[ValidationRow]:
    """The validations that were possible, the one that flatters first."""
    if training is None:
        return []
    by_kind = {found.kind: found for found in training.assessments}
    return [
        ValidationRow(name, count(by_kind[kind].groups, unit), by_kind[kind], by_kind[kind] is training.fair)
        for kind, (name, unit) in _KINDS.items()
        if kind in by_kind
    ]


def acquisition_tables(facts: Facts) -> list[Sequence[AcquisitionRow]]:
    """The acquisitions in order of time, split into columns if there are many."""
    rows = [
        AcquisitionRow(item.time, item.satellite, item.coverage, item.cloud_cover, item.valid)
        for item in facts.observations
    ]
    if len(rows) <= _LONG_TABLE:
        return [rows] if rows else []
    length = -(-len(rows) // _TABLE_COLUMNS)
    return [rows[first : first + length] for first in range(0, len(rows), length)]
