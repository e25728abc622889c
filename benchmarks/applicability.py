"""What the area of applicability flags: python benchmarks/applicability.py WORKSPACE [--classes 5,7,9]

WORKSPACE is one of the sample region after makemap. Each class in turn is left out of the training. It prints the share
of its pixels that are flagged (not applicable), and the share of the pixels of the classes that were learnt; and what
the layers of uncertainty cost beside the classification alone.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import numpy as np

from patchwork.core.imagery.sources.sample import simulation
from patchwork.core.learning import folds, models
from patchwork.core.learning.applicability import feature_space
from patchwork.core.learning.features import SeriesPlan
from patchwork.core.learning.observations import read_observations
from patchwork.core.learning.records import SampleRecord
from patchwork.core.learning.series import join
from patchwork.core.learning.validation import read_samples
from patchwork.core.mapping.decisions import to_classes, uncertainty
from patchwork.core.operations.trainmodel import TrainModel
from patchwork.core.reference.record import LabelRecord
from patchwork.core.store.workspace import Workspace
from patchwork.core.vocabulary.classes import ClassScheme

TESTED = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--classes", default="")
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    record = workspace.read(SampleRecord)
    samples = read_samples(workspace, record, workspace.read(LabelRecord).pixels)
    features, truth = pixels_of(workspace, record.plan)
    wanted = [int(word) for word in given.classes.split(",") if word] or samples.classes.tolist()
    for left_out in wanted:
        kept = samples.class_ids != left_out
        ids, table = samples.class_ids[kept], samples.features[kept]
        estimator = models.fit(TrainModel.classifier, table, ids, 0, 2)
        grouped = folds.grouping("polygons", ids, samples.places.polygons[kept], 0)
        space = feature_space(table, grouped.folds, np.array(models.importances(estimator)), 0)
        assert space is not None
        flagged = space.dissimilarity(features, 2) > space.threshold
        own = truth == left_out
        print(
            f"without {simulation.CLASSES[left_out]:20} flagged: {flagged[own].mean():6.1%} of its pixels, "
            f"{flagged[~own].mean():5.1%} of the others"
        )
    estimator = models.fit(TrainModel.classifier, samples.features, samples.class_ids, 0, 2)
    grouped = folds.grouping("polygons", samples.class_ids, samples.places.polygons, 0)
    space = feature_space(samples.features, grouped.folds, np.array(models.importances(estimator)), 0)
    assert space is not None
    scheme = ClassScheme.of({int(id_): str(id_) for id_ in samples.classes})
    model = models.Model(estimator, record.plan, scheme, {}, 0.5, space)
    start = time.perf_counter()
    probabilities = model.probabilities(features, 2)
    to_classes(probabilities, scheme.ids, "uint8")
    alone = time.perf_counter() - start
    start = time.perf_counter()
    uncertainty(probabilities)
    middle = time.perf_counter()
    space.dissimilarity(features, 2)
    end = time.perf_counter()
    print(
        f"{len(features):,} pixels: classes {alone:.2f} s; entropy and margin {(middle - start) / alone:.0%} more, "
        f"dissimilarity {(end - middle) / alone:.0%} more"
    )


def pixels_of(workspace: Workspace, plan: SeriesPlan) -> tuple[np.ndarray, np.ndarray]:
    """Features and true classes of some pixels of the region."""
    domain = workspace.layout.domain
    truth = simulation.land_cover(simulation.load_region())
    chosen = np.zeros(truth.size, dtype=bool)
    chosen[np.random.default_rng(0).choice(truth.size, TESTED, replace=False)] = True
    chosen = chosen.reshape(truth.shape)
    features, classes = [], []
    for patch in workspace.layout.patches:
        place = domain.slices(patch.window)
        groups = read_observations(workspace, patch, patch.window, plan.needed_bands, 2)
        own = np.flatnonzero(chosen[place].ravel())
        features.append(join(plan, [group.take(own) for group in groups], 2))
        classes.append(truth[place].ravel()[own])
    return np.concatenate(features), np.concatenate(classes)


if __name__ == "__main__":
    main()
