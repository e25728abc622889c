"""Classifiers on the same folds of polygons: python benchmarks/classifiers.py WORKSPACE [--folds 3] [--seeds 10]

WORKSPACE is one after drawsamples, such as of real imagery. The classifiers of Patchwork and, beside them,
scikit-learn's logistic regression on standardised features are trained and tested on the same folds, which keep
polygons apart. It prints the accuracy of each, weighted by the labelled pixels, as the mean over the seeds, its
standard deviation, and the seconds of a fit.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from patchwork.core.learning import models
from patchwork.core.learning.classifiers import CLASSIFIERS
from patchwork.core.learning.records import SampleRecord
from patchwork.core.learning.validation import read_samples
from patchwork.core.reference.record import LabelRecord
from patchwork.core.store.workspace import Workspace


def logistic(features: np.ndarray, ids: np.ndarray, seed: int):
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500, random_state=seed))
    return model.fit(features, ids)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--seeds", type=int, default=10)
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    samples = read_samples(workspace, workspace.read(SampleRecord), workspace.read(LabelRecord).pixels)
    ids, polygons, weights = samples.class_ids, samples.places.polygons, samples.checked.weights
    sides = {name: lambda x, y, seed, name=name: models.fit(name, x, y, seed, 2) for name in CLASSIFIERS}
    sides["logistic-regression"] = logistic
    found: dict[str, list[float]] = {name: [] for name in sides}
    seconds = dict.fromkeys(sides, 0.0)
    for seed in range(given.seeds):
        folds = StratifiedGroupKFold(given.folds, shuffle=True, random_state=seed)
        splits = list(folds.split(samples.features, ids, polygons))
        for name, fit in sides.items():
            right = np.zeros(len(ids))
            for training, test in splits:
                began = time.monotonic()
                model = fit(samples.features[training], ids[training], seed)
                seconds[name] += time.monotonic() - began
                classes = np.unique(ids[training])
                right[test] = classes[models.predict_proba(model, samples.features[test]).argmax(axis=1)] == ids[test]
            found[name].append(float(np.average(right, weights=weights)))
    fits = given.seeds * given.folds
    print(f"{len(ids)} samples of {len(np.unique(polygons))} polygons, {given.folds} folds, {given.seeds} seeds")
    for name, rows in found.items():
        print(f"{name:22} {np.mean(rows):6.1%} ± {np.std(rows):5.1%}   {seconds[name] / fits:6.2f} s a fit")


if __name__ == "__main__":
    main()
