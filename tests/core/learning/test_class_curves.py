"""Mean curves of classes: by hand, with indices of mean bands, and radar in decibel."""

from datetime import date

import numpy as np
import pytest

from patchwork.core.learning.class_curves import class_curve, mean_features
from patchwork.core.learning.features import SeriesPlan

PLAN = SeriesPlan(("B04", "B08", "VV"), ("NDVI",), (date(2019, 1, 1), date(2019, 7, 1)))
FEATURES = np.array(
    [  # B04, B08, VV, NDVI, two dates each
        [0.1, 0.2, 0.3, 0.4, 3.0, 4.0, 0.5, 0.33],
        [0.3, 0.4, 0.5, 0.6, 4.0, 5.0, 0.25, 0.2],
        [0.9, 0.9, 0.1, 0.1, 1.0, 1.0, -0.8, -0.8],
    ],
    dtype=np.float32,
)


def test_means_are_those_of_the_samples_of_each_class():
    means = mean_features(np.array([7, 7, 300]), FEATURES)
    assert list(means) == [7, 300]
    assert means[7] == pytest.approx([0.2, 0.3, 0.4, 0.5, 3.5, 4.5, 0.375, 0.265])
    assert means[300] == pytest.approx([0.9, 0.9, 0.1, 0.1, 1.0, 1.0, -0.8, -0.8])


def test_curves_are_features_indices_of_mean_bands_or_unknown():
    means = mean_features(np.array([7, 7, 300]), FEATURES)[7]
    assert class_curve(PLAN, means, "B08") == pytest.approx([0.4, 0.5])
    assert class_curve(PLAN, means, "NDVI") == pytest.approx([0.375, 0.265])
    assert class_curve(PLAN, means, "VV") == pytest.approx([-15.0, -5.0])
    savi = [1.5 * (0.4 - 0.2) / (0.4 + 0.2 + 0.5), 1.5 * (0.5 - 0.3) / (0.5 + 0.3 + 0.5)]
    assert class_curve(PLAN, means, "SAVI") == pytest.approx(savi)
    assert class_curve(PLAN, means, "B11") is None
    assert class_curve(PLAN, means, "NDMI") is None
