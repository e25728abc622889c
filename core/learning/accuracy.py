"""Validation: predictions of samples by models that were not trained on their group, and their accuracy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from sklearn.metrics import confusion_matrix, roc_auc_score, roc_curve

from .assessment import Assessment, ClassScore
from .folds import RANDOM, UNTESTED, Grouping
from .importance import PermutationImportance
from .intervals import ratio

Fit = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]
"""Fits features (n, feature) and class ids (n,); returns what gives probabilities (m, class of the training), by id."""


@dataclass(frozen=True)
class Checked:
    """Samples for a validation: class ids (n,), polygons (n,), and weights (n,), the labelled pixels that each stands
    for."""

    class_ids: np.ndarray
    polygons: np.ndarray
    weights: np.ndarray

    def take(self, which: np.ndarray) -> Checked:
        """Those at the given positions, or where the mask is true."""
        return Checked(self.class_ids[which], self.polygons[which], self.weights[which])


def cross_validate(
    features: np.ndarray,
    class_ids: np.ndarray,
    grouped: Grouping,
    classes: np.ndarray,
    fit: Fit,
    importance: PermutationImportance | None = None,
) -> np.ndarray:
    """Probabilities (n, class) float32 of each sample by a model fitted to the samples of the other folds.

    Classes are those of `classes` (class,), sorted ids. NaN where a sample is not tested, or where fewer than two
    classes remain for training. A class that is not in training has the probability 0. `importance` observes all
    models.
    """
    probabilities = np.full((len(class_ids), len(classes)), np.nan, dtype=np.float32)
    for fold in np.unique(grouped.folds[grouped.folds != UNTESTED]):
        test = grouped.folds == fold
        known = np.unique(class_ids[~test])
        if len(known) > 1:
            predict = fit(features[~test], class_ids[~test])
            probabilities[test] = 0.0
            probabilities[np.ix_(test, np.isin(classes, known))] = predict(features[test])
            if importance is not None:
                importance.observe(predict, test, known)
    return probabilities


def assess(kind: str, tested: Checked, predicted: np.ndarray, groups: np.ndarray) -> Assessment:
    """Compare samples with the class ids predicted for them (n,); `groups` (n,) were never in both training and test.

    Accuracy and scores weigh a sample by the labelled pixels that it stands for. Their intervals respect the groups,
    and polygons as what is independent at most; those of random samples take each pixel for independent, as is common.
    """
    independent = groups if kind == RANDOM else tested.polygons
    ids = np.union1d(tested.class_ids, predicted)
    right = np.where(tested.class_ids == predicted, tested.weights, 0.0)
    scores = []
    for id_ in ids:
        of_class, as_class = tested.class_ids == id_, predicted == id_
        own = tested.weights * of_class
        precision, recall, f1 = (
            ratio(hits, all_, groups, independent)
            for hits, all_ in (
                (right * of_class, tested.weights * as_class),
                (right * of_class, own),
                (right * of_class, (own + tested.weights * as_class) / 2.0),
            )
        )
        polygons = len(np.unique(tested.polygons[of_class]))
        scores.append(ClassScore(int(id_), precision, recall, f1, int(of_class.sum()), polygons))
    return Assessment(
        kind,
        tuple(int(id_) for id_ in ids),
        confusion_matrix(tested.class_ids, predicted, labels=ids),
        ratio(right, tested.weights, groups, independent),
        tuple(scores),
        (),
        len(np.unique(groups)),
        len(np.unique(tested.polygons)),
    )


def receiver_operating(
    class_ids: np.ndarray, probabilities: np.ndarray, classes: np.ndarray
) -> dict[int, tuple[np.ndarray, np.ndarray, float]]:
    """For each class against all others: fractions of false and of true positives (m,), and the area below.

    Of samples with class ids (n,) and probabilities (n, class); classes without samples, or with all, are left out.
    """
    found = {}
    for place, id_ in enumerate(classes.tolist()):
        own = class_ids == id_
        if own.any() and not own.all():
            false, true, _ = roc_curve(own, probabilities[:, place])
            found[id_] = (false, true, float(roc_auc_score(own, probabilities[:, place])))
    return found
