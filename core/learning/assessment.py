"""Result of a cross-validation: confusion matrix and scores of each class, and their JSON in records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class ClassScore:
    """Precision (user's accuracy), recall (producer's accuracy) and F1 of one class, and its number of test pixels.

    The scores are undefined where `pixels` is 0: the class was predicted, but not tested.
    """

    class_id: int
    precision: float
    recall: float
    f1: float
    pixels: int


@dataclass(frozen=True)
class Assessment:
    """Predictions of one cross-validation compared with the reference.

    `kind` is how pixels were grouped: `polygons` or `blocks`; `groups` is the number of tested groups. `confusion`
    (reference, predicted) counts pixels, in the order of `class_ids`. `untested` are classes with one group only, which
    cannot be in both training and test.
    """

    kind: str
    class_ids: tuple[int, ...]
    confusion: np.ndarray
    scores: tuple[ClassScore, ...]
    untested: tuple[int, ...]
    groups: int

    @property
    def pixels(self) -> int:
        """Number of test pixels."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Number of correctly classified test pixels."""
        return int(np.trace(self.confusion))

    @property
    def overall(self) -> float:
        """Overall accuracy: the fraction of test pixels that are classified correctly."""
        return self.correct / self.pixels

    @property
    def mean_f1(self) -> float:
        """Mean F1 score of the tested classes."""
        return float(np.mean([score.f1 for score in self.scores if score.pixels]))

    def to_json(self) -> dict[str, Any]:
        """Fields, overall accuracy and mean F1 as JSON values."""
        values = {**asdict(self), "confusion": self.confusion.tolist()}
        return {**values, "overall": self.overall, "mean_f1": self.mean_f1}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Assessment:
        """The assessment that `to_json` wrote."""
        return cls(
            values["kind"],
            tuple(values["class_ids"]),
            np.array(values["confusion"]),
            tuple(ClassScore(**score) for score in values["scores"]),
            tuple(values["untested"]),
            values["groups"],
        )
