"""The tables of the page: classes, confusion, scores and acquisitions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ..vocabulary.classes import LandCoverClass
from .facts import ClassCount, Facts, Training, Validation
from .words import told

_TABLES_BESIDE = 3
_LONG_TABLE = 12


@dataclass(frozen=True)
class ClassRow:
    """One class: its counts, hectares on the map, its share of it, and the share beside that of the largest class."""

    entry: LandCoverClass
    text: str
    count: ClassCount
    hectares: float | None
    share: float | None
    bar: float


@dataclass(frozen=True)
class Cell:
    """Pixels of one true class given one class, and their fraction of the true class (None where it has none)."""

    pixels: int
    fraction: float | None
    right: bool

    @property
    def shade(self) -> str:
        """A ground that deepens with the fraction: green where right, red where wrong."""
        colour = "17,119,51" if self.right else "196,60,40"
        return f"rgba({colour},{0.75 * (self.fraction or 0.0) ** 0.6:.3f})"


@dataclass(frozen=True)
class MatrixRow:
    """A true class with what it was taken for."""

    entry: LandCoverClass
    text: str
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class ScoreRow:
    """How well a class that was learnt is told: None for what could not be tested, or was never said of a pixel."""

    entry: LandCoverClass
    text: str
    precision: float | None
    recall: float | None
    f1: float | None
    pixels: int
    polygons: int


@dataclass(frozen=True)
class ValidationRow:
    """One way of testing, and what came out."""

    name: str
    unit: str
    validation: Validation


@dataclass(frozen=True)
class AcquisitionRow:
    """One acquisition."""

    time: datetime
    satellite: str
    coverage: float | None
    cloud_cover: float | None
    valid: float | None


def class_rows(facts: Facts) -> list[ClassRow]:
    """Every class, in order of id."""
    rows = []
    largest = max((item.mapped for item in facts.classes), default=0)
    for item in facts.classes:
        hectares = share = None
        if facts.mapped:
            hectares = item.mapped * facts.pixel_area / 1e4
            share = item.mapped / facts.mapped.pixels if facts.mapped.pixels else 0.0
        rows.append(ClassRow(item.entry, told(item.entry), item, hectares, share, item.mapped / max(largest, 1)))
    return rows


def matrix_rows(facts: Facts, validation: Validation) -> list[MatrixRow]:
    """Rows are what the reference says, columns what the model says, both in the order of the validation's classes."""
    rows = []
    for number, (id_, counts) in enumerate(zip(validation.class_ids, validation.confusion.tolist(), strict=True)):
        total = sum(counts)
        cells = tuple(
            Cell(pixels, pixels / total if total else None, column == number) for column, pixels in enumerate(counts)
        )
        entry = facts.entry(id_)
        rows.append(MatrixRow(entry, told(entry), cells))
    return rows


def score_rows(facts: Facts, training: Training, validation: Validation) -> list[ScoreRow]:
    """Every class that was learnt, those too that could not be tested."""
    scores = {score.class_id: score for score in validation.scores if score.pixels}
    predicted = dict(zip(validation.class_ids, validation.confusion.sum(axis=0).tolist(), strict=True))
    rows = []
    for item in facts.classes:
        if item.entry.id in training.class_ids:
            score = scores.get(item.entry.id)
            rows.append(
                ScoreRow(
                    item.entry,
                    told(item.entry),
                    score.precision if score and predicted[item.entry.id] else None,
                    score.recall if score else None,
                    score.f1 if score else None,
                    score.pixels if score else 0,
                    item.sampled_polygons,
                )
            )
    return rows


def validation_rows(training: Training | None) -> list[ValidationRow]:
    """The ways of testing beside each other."""
    if training is None:
        return []
    ways = (("By polygons", "polygons", training.polygons), ("By spatial blocks", "blocks", training.blocks))
    return [ValidationRow(name, unit, found) for name, unit, found in ways if found is not None]


def acquisition_tables(facts: Facts) -> list[Sequence[AcquisitionRow]]:
    """The acquisitions in order of time, as one table, or as some of equal length to stand beside each other."""
    rows = [
        AcquisitionRow(item.time, item.satellite, item.coverage, item.cloud_cover, item.valid)
        for item in facts.observations
    ]
    if len(rows) <= _LONG_TABLE:
        return [rows] if rows else []
    length = -(-len(rows) // _TABLES_BESIDE)
    return [rows[first : first + length] for first in range(0, len(rows), length)]
