"""Neural network: a multi-layer perceptron on standardised features."""

from __future__ import annotations

from typing import Any

from .record import Classifier


def _new(seed: int, threads: int) -> Any:
    from sklearn.neural_network import MLPClassifier
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    network = MLPClassifier((128, 64), random_state=seed, max_iter=300, early_stopping=False)
    return make_pipeline(StandardScaler(), network)


CLASSIFIER = Classifier(
    name="neural-network",
    label="Neural network (multi-layer perceptron)",
    help="Predicts fastest.",
    noun="a neural network",
    new=_new,
)
