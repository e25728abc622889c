"""How often the intervals of a validation hold the true accuracy of the map: python benchmarks/coverage.py WORKSPACE

    --seeds 100      runs, each with other samples, folds and models
    --polygons 0     polygons that are used, drawn anew in each run; 0 uses all
    --per-class 150  samples of a class

WORKSPACE is one of the sample region after makemap: the true class of every pixel is known there. Each run draws
samples, trains the default classifier, maps the region, and validates at random, by polygons and by blocks. It prints
how many of the intervals hold the true accuracy of the map, their mean width, and the mean error of the estimates.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import joblib
import numpy as np

from patchwork.core.imagery.sources.sample import simulation
from patchwork.core.learning import folds, models
from patchwork.core.learning.accuracy import Checked, assess, cross_validate
from patchwork.core.learning.observations import read_observations
from patchwork.core.learning.records import SampleRecord
from patchwork.core.learning.samples import draw, labelled_pixels
from patchwork.core.learning.series import join
from patchwork.core.operations.trainmodel import TrainModel
from patchwork.core.store.patch_rasters import LABELS
from patchwork.core.store.reading import read_patch
from patchwork.core.store.workspace import Workspace

TESTED = 12_000  # pixels of the map whose classes are compared with the truth


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--polygons", type=int, default=0)
    parser.add_argument("--per-class", type=int, default=150)
    given = parser.parse_args()
    region = Region(Workspace(given.workspace))
    held: dict[str, list[tuple[bool, float, float]]] = {}
    run = joblib.delayed(region.run)
    runs = joblib.Parallel(-1)(run(seed, given.polygons, given.per_class) for seed in range(given.seeds))
    for true, found in runs:
        for own in found:
            hit = own.overall.low <= true <= own.overall.high
            held.setdefault(own.kind, []).append((hit, own.overall.high - own.overall.low, own.overall.value - true))
    for kind, rows in held.items():
        hits, widths, errors = zip(*rows, strict=True)
        print(
            f"{kind:10} holds the truth in {sum(hits)} of {len(hits)}, width {np.mean(widths):.1%}, "
            f"mean error {np.mean(errors):+.1%}"
        )


class Region:
    """Features, labels, polygons and truth of every pixel."""

    def __init__(self, workspace: Workspace) -> None:
        layout, plan = workspace.layout, workspace.read(SampleRecord).plan
        self.domain = layout.domain
        self.features = np.zeros((*self.domain.shape, len(plan.features)), dtype=np.float32)
        self.labels, self.polygons = (np.zeros(self.domain.shape, dtype=np.int64) for _ in range(2))
        for patch in layout.patches:
            place = self.domain.slices(patch.window)
            groups = read_observations(workspace, patch, patch.window, plan.needed_bands, 2)
            self.features[place] = join(plan, groups, 2).reshape(*patch.window.shape, -1)
            for array, band in ((self.labels, "labels"), (self.polygons, "polygon")):
                array[place] = read_patch(workspace, LABELS, patch, band)
        self.truth = simulation.land_cover(simulation.load_region())
        self.tested = np.random.default_rng(1).choice(self.truth.size, TESTED, replace=False)

    def run(self, seed: int, polygons: int, per_class: int) -> tuple[float, list]:
        """The true accuracy of a map, and the validations of its model."""
        used = self._polygons(seed, polygons)
        labels = np.where(np.isin(self.polygons, used), self.labels, 0)
        found = labelled_pixels(labels, np.where(labels > 0, self.polygons, 0), self.domain, seed)
        chosen = draw(found, dict.fromkeys(np.unique(found.class_ids).tolist(), per_class))
        rows, columns = chosen.rows - self.domain.row, chosen.columns - self.domain.column
        features, ids = self.features[rows, columns], chosen.class_ids
        pixels = {id_: int((labels == id_).sum()) for id_ in np.unique(ids)}
        weights = np.array([pixels[id_] / (ids == id_).sum() for id_ in ids])
        checked, classes = Checked(ids, chosen.polygons, weights), np.unique(ids)

        def fit(own: np.ndarray, own_ids: np.ndarray):
            estimator = models.fit(TrainModel.classifier, own, own_ids, seed, 1)
            return lambda table: models.predict_proba(estimator, table)

        flat = self.features.reshape(-1, self.features.shape[-1])[self.tested]
        mapped = classes[fit(features, ids)(flat).argmax(axis=1)]
        places = folds.Places(chosen.rows, chosen.columns, chosen.polygons, self.domain)
        groupings = [
            folds.grouping("random", ids, np.arange(len(ids)), seed),
            folds.grouping("polygons", ids, chosen.polygons, seed),
            folds.block_grouping(ids, places, seed),
        ]
        results = []
        for own in groupings:
            probabilities = cross_validate(features, ids, own, classes, fit)
            seen = ~np.isnan(probabilities[:, 0])
            predicted = classes[probabilities[seen].argmax(axis=1)]
            results.append(assess(own.kind, checked.take(seen), predicted, own.groups[seen]))
        return float((mapped == self.truth.ravel()[self.tested]).mean()), results

    def _polygons(self, seed: int, number: int) -> np.ndarray:
        """All polygons, or about `number` of them, of each class its share and at least two."""
        everything = np.unique(self.polygons[self.labels > 0])
        if not number:
            return everything
        rng, kept = np.random.default_rng(seed), []
        for id_ in np.unique(self.labels[self.labels > 0]):
            own = np.unique(self.polygons[self.labels == id_])
            wanted = max(2, round(number * len(own) / len(everything)))
            kept += rng.choice(own, min(len(own), wanted), replace=False).tolist()
        return np.array(kept)


if __name__ == "__main__":
    main()
