"""The classifiers: one record in a file of its own and one line here each."""

from __future__ import annotations

from ...registry import Registry
from . import lightgbm, neural_network, random_forest

CLASSIFIERS = Registry(
    "Classifier (CLASSIFIER)", (random_forest.CLASSIFIER, lightgbm.CLASSIFIER, neural_network.CLASSIFIER)
)
