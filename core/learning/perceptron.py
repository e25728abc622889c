"""Prediction of a multi-layer perceptron on standardised features, with the same bits everywhere (exact.py)."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, softmax

from .exact import on_grid, weights_on_grid

_FEATURES = 64.0  # standard deviations; more are as many
_HIDDEN = 256.0


def predict_perceptron(scaler: Any, network: Any, rows: np.ndarray) -> np.ndarray:
    """Probabilities (row, class) float64 of scikit-learn's StandardScaler and MLPClassifier (with rectified units).

    They are those of the classifier but for rounding, below 1e-4. ValueError if its units are others.
    """
    if network.activation != "relu":
        raise ValueError(f"its units are {network.activation}, not relu")
    values = on_grid((rows - scaler.mean_) / scaler.scale_, _FEATURES)
    last = len(network.coefs_) - 1
    for number, (weights, biases) in enumerate(zip(network.coefs_, network.intercepts_, strict=True)):
        values = values @ weights_on_grid(weights) + biases
        if number < last:
            values = on_grid(np.maximum(values, 0.0), _HIDDEN)
    if values.shape[1] == 1:  # two classes
        positive = expit(values)
        return np.hstack([1.0 - positive, positive])
    found: np.ndarray = softmax(values, axis=1)
    return found
