"""Swapped labels that checklabels finds: python benchmarks/label_errors.py WORKSPACE [--seeds 5] [--share 0.05]

WORKSPACE is one of the sample region after makemap. The labels of a share of the polygons are swapped for other classes
at random (labels that the region has wrong are put right first), models are trained, and the polygons are ranked. It
prints how many of the swapped ones are in the first tenth.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import numpy as np

from patchwork.core.imagery.sources.sample import simulation
from patchwork.core.learning import folds, models
from patchwork.core.learning.accuracy import cross_validate
from patchwork.core.learning.label_quality import score_polygons
from patchwork.core.learning.records import SampleRecord
from patchwork.core.learning.validation import read_samples
from patchwork.core.operations.trainmodel import TrainModel
from patchwork.core.reference.record import LabelRecord
from patchwork.core.store.workspace import Workspace


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--share", type=float, default=0.05)
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    samples = read_samples(workspace, workspace.read(SampleRecord), workspace.read(LabelRecord).pixels)
    domain = workspace.layout.domain
    truth = simulation.land_cover(simulation.load_region())
    true = truth[samples.places.rows - domain.row, samples.places.columns - domain.column].astype(np.int64)
    polygons, own = np.unique(samples.places.polygons, return_inverse=True)
    right = np.array([np.bincount(true[own == number]).argmax() for number in range(len(polygons))])
    classes = np.unique(right)
    for seed in range(given.seeds):
        rng = np.random.default_rng(seed)
        swapped = rng.choice(len(polygons), round(given.share * len(polygons)), replace=False)
        labels = right.copy()
        labels[swapped] = [rng.choice(classes[classes != right[number]]) for number in swapped]
        ids = labels[own]
        grouped = folds.grouping("polygons", ids, samples.places.polygons, seed)

        def fit(features: np.ndarray, class_ids: np.ndarray, seed: int = seed):
            estimator = models.fit(TrainModel.classifier, features, class_ids, seed, 2)
            return lambda table: models.predict_proba(estimator, table)

        probabilities = cross_validate(samples.features, ids, grouped, classes, fit)
        scored = score_polygons(probabilities.astype(np.float64), ids, samples.places.polygons, classes)
        first = set(scored.polygons[: -(-len(polygons) // 10)].tolist())
        found = sum(int(polygons[number]) in first for number in swapped)
        print(
            f"seed {seed}: {found} of {len(swapped)} swapped polygons in the first tenth; "
            f"{int(scored.is_suspect.sum())} of {len(polygons)} suspicious"
        )


if __name__ == "__main__":
    main()
