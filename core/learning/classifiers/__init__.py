"""The classifiers: one record in a file of its own and one line here each."""

from __future__ import annotations

from ...registry import Registry
from . import extra_trees, lightgbm, neural_network, random_forest

CLASSIFIERS = Registry(
    "Classifier (CLASSIFIER)",
    (extra_trees.CLASSIFIER, random_forest.CLASSIFIER, lightgbm.CLASSIFIER, neural_network.CLASSIFIER),
)
