"""Result of a validation: confusion matrix, accuracy and scores of each class with intervals, and their JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from ..vocabulary.plurals import counted
from .intervals import Estimate

FEW_POLYGONS = 30
_HOW = {
    "random": "on single pixels of {} whose other pixels the model was trained on",
    "polygons": "on {} that the model was not trained on",
    "blocks": "on {} in {} blocks of the area that the model was not trained on",
    "regions": "on {} in {} regions that the model was not trained on",
    "independent": "on {} of a layer of its own",
}


@dataclass(frozen=True)
class ClassScore:
    """Precision (user's accuracy), recall (producer's accuracy) and F1 of one class, its test pixels and polygons.

    The scores are unknown (NaN) where `pixels` is 0: the class was predicted, but not tested.
    """

    class_id: int
    precision: Estimate
    recall: Estimate
    f1: Estimate
    pixels: int
    polygons: int

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        scores = {name: getattr(self, name).to_json() for name in ("precision", "recall", "f1")}
        return {"class_id": self.class_id, **scores, "pixels": self.pixels, "polygons": self.polygons}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ClassScore:
        """The inverse of `to_json`."""
        precision, recall, f1 = (Estimate.from_json(values[name]) for name in ("precision", "recall", "f1"))
        return cls(values["class_id"], precision, recall, f1, values["pixels"], values.get("polygons", 0))


@dataclass(frozen=True)
class Assessment:
    """Predictions of test pixels compared with the reference.

    `kind` is how training and test were kept apart: `random`, `polygons`, `blocks`, `regions`, or `independent` for a
    layer of its own; `groups` is the number of tested groups, `polygons` that of tested polygons. `overall` is the
    accuracy of the labelled area: a class weighs as much as its labelled pixels. `confusion` (reference, predicted)
    counts pixels, in the order of `class_ids`. `untested` are classes with one group only, which cannot be in both
    training and test. `block_size` is the side of the blocks in metres. `distance` and `map_distance` are the median
    distances in metres to the nearest training sample of the test pixels and of the pixels of the map, `mismatch` the
    Wasserstein distance of both.
    """

    kind: str
    class_ids: tuple[int, ...]
    confusion: np.ndarray
    overall: Estimate
    scores: tuple[ClassScore, ...]
    untested: tuple[int, ...]
    groups: int
    polygons: int
    block_size: float = 0.0
    distance: float | None = None
    map_distance: float | None = None
    mismatch: float | None = None

    @property
    def pixels(self) -> int:
        """Number of test pixels."""
        return int(self.confusion.sum())

    @property
    def correct(self) -> int:
        """Number of correctly classified test pixels."""
        return int(np.trace(self.confusion))

    @property
    def headline(self) -> str:
        """The accuracy with its interval and what it was tested on, as a sentence without full stop."""
        tested = counted(self.polygons, "polygon")
        few = f": {tested} {'is' if self.polygons == 1 else 'are'} few" if self.polygons < FEW_POLYGONS else ""
        return f"Accuracy {self.overall.in_words}{few}; tested {_HOW[self.kind].format(tested, self.groups)}"

    @property
    def mean_f1(self) -> float:
        """Mean F1 score of the tested classes."""
        return float(np.mean([score.f1.value for score in self.scores if score.pixels]))

    def to_json(self) -> dict[str, Any]:
        """The fields as JSON values."""
        plain = {**vars(self), "confusion": self.confusion.tolist(), "overall": self.overall.to_json()}
        return {**plain, "scores": [score.to_json() for score in self.scores]}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Assessment:
        """The inverse of `to_json`."""
        read = {
            "class_ids": tuple(values["class_ids"]),
            "confusion": np.array(values["confusion"]),
            "overall": Estimate.from_json(values["overall"]),
            "scores": tuple(ClassScore.from_json(score) for score in values["scores"]),
            "untested": tuple(values["untested"]),
        }
        early = {"polygons": values["groups"] if values["kind"] == "polygons" else 0}  # of a record without it
        known = {field.name: values[field.name] for field in fields(cls) if field.name in values}
        return cls(**{**early, **known, **read})


# What resembles the use of a map most, first: a layer of its own, then regions that the user named.
_CHOSEN = ("independent", "regions")


def fair(assessments: tuple[Assessment, ...]) -> Assessment | None:
    """The assessment to believe: the user's own kind, else that of polygons or blocks whose test pixels are as far from
    training as the pixels of the map are; None if there is neither."""
    own = [found for kind in _CHOSEN for found in assessments if found.kind == kind]
    apart = [found for found in assessments if found.kind in ("polygons", "blocks")]
    return next(iter(own or sorted(apart, key=lambda found: found.mismatch or 0.0)), None)
