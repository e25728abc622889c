"""Matrix products that have the same bits on every machine, in any block and with any number of threads.

BLAS adds in an order that depends on all of these. Numbers on a grid that is coarse enough are added without any
rounding, since float64 holds 53 bits, and such sums are the same in any order.
"""

from __future__ import annotations

import math

import numpy as np

_BITS = 53
_GRID_BITS = 22  # of the numbers on the left of a product, with their sign


def grid_step(reach: float) -> float:
    """The step of the grid of numbers up to `reach`: a power of two, as `reach` is."""
    return math.ldexp(reach, 1 - _GRID_BITS)


def on_grid(values: np.ndarray, reach: float) -> np.ndarray:
    """Values as float64 multiples of reach / 2²¹, limited to ± `reach`, a power of two."""
    return to_grid(np.multiply(values, 1.0 / grid_step(reach), dtype=np.float64), reach)


def to_grid(steps: np.ndarray, reach: float) -> np.ndarray:
    """Values in steps, which are changed, as multiples of a step, limited to ± `reach`; also exact as float32."""
    step = grid_step(reach)
    np.rint(steps, out=steps)
    np.clip(steps, -reach / step, reach / step, out=steps)
    steps *= steps.dtype.type(step)
    return steps


def weights_on_grid(weights: np.ndarray) -> np.ndarray:
    """Weights (n, m) as float64, rounded so that products of rows on a grid with them are exact."""
    largest = max(float(np.abs(weights).max(initial=0.0)), 2.0**-100)
    bits = _BITS - _GRID_BITS - math.ceil(math.log2(max(weights.shape[0], 2))) - 1
    step = 2.0 ** (math.ceil(math.log2(largest)) - bits + 1)
    rounded: np.ndarray = np.rint(weights.astype(np.float64) / step) * step
    return rounded
