"""Random numbers and smooth random fields that are identical on every machine, bit for bit, and for every window.

Only integer hashing and arithmetic that IEEE 754 defines exactly are used. A value depends on its key and position
only, not on earlier or neighbouring requests, so that any window can be rendered on its own.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Hashes = NDArray[np.uint64]
Numbers = NDArray[np.int64]
Places = Numbers | NDArray[np.uint64] | int

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST = np.uint64(0xBF58476D1CE4E5B9)
_SECOND = np.uint64(0x94D049BB133111EB)


def mix(*words: Places) -> Hashes:
    """64-bit hashes of the words (integers or integer arrays that broadcast), by the finaliser of splitmix64."""
    state = np.zeros((1,), np.uint64)
    with np.errstate(over="ignore"):
        for word in words:
            state = (state ^ np.asarray(word).astype(np.uint64)) + _GOLDEN
            state = (state ^ (state >> np.uint64(30))) * _FIRST
            state = (state ^ (state >> np.uint64(27))) * _SECOND
            state = state ^ (state >> np.uint64(31))
    return state


def unit(hashes: Hashes) -> Floats:
    """The hashes as uniform numbers in [0, 1)."""
    numbers: Floats = (hashes >> np.uint64(11)).astype(np.float64) * 2.0**-53
    return numbers


def key(seed: int, layer: str) -> int:
    """A key for each named layer, so that layers are independent of each other."""
    return int(mix(seed, *layer.encode())[0] >> np.uint64(1))


def clip(values: Floats) -> Floats:
    """The values clipped to 0..1."""
    return np.minimum(np.maximum(values, 0.0), 1.0)


def smoothstep(values: Floats) -> Floats:
    """0 below 0, 1 above 1, and a smooth cubic in between."""
    t = clip(values)
    return t * t * (3.0 - 2.0 * t)


def field(layer: int, y: Floats, x: Floats, scale: float, octaves: int = 4) -> Floats:
    """Smooth noise in 0..1 with mean 0.5: octaves of value noise, each with half the amplitude and scale of the last.

    `y` and `x` broadcast against each other; `scale` is the widest wavelength in their unit.
    """
    total = np.zeros((1, 1))
    weight, weights = 1.0, 0.0
    for octave in range(octaves):
        total = total + weight * _lattice_noise(int(mix(layer, octave)[0] >> np.uint64(1)), y / scale, x / scale)
        weights += weight
        weight, scale = weight / 2.0, scale / 2.0
    return total / weights


def _lattice_noise(layer: int, y: Floats, x: Floats) -> Floats:
    """Values at the nodes of a lattice, blended between them; the same numbers for a grid and for single positions."""
    row, column = np.floor(y), np.floor(x)
    down, right = smoothstep(y - row), smoothstep(x - column)
    i, j = row.astype(np.int64), column.astype(np.int64)
    top, left = int(i.min()), int(j.min())
    rows = np.arange(top, int(i.max()) + 2, dtype=np.int64)
    columns = np.arange(left, int(j.max()) + 2, dtype=np.int64)
    lattice = unit(mix(layer, rows[:, None], columns[None, :]))
    if y.shape[-1] == 1 and x.shape[0] == 1:  # a grid: each row of the lattice is blended once
        across = lattice[:, j[0] - left] * (1.0 - right) + lattice[:, j[0] - left + 1] * right
        upper, lower = across[i[:, 0] - top], across[i[:, 0] - top + 1]
    else:
        corner, values = (i - top) * columns.size + (j - left), lattice.reshape(-1)
        upper = values[corner] * (1.0 - right) + values[corner + 1] * right
        corner = corner + columns.size
        lower = values[corner] * (1.0 - right) + values[corner + 1] * right
    blended: Floats = upper * (1.0 - down) + lower * down
    return blended


def cells(layer: int, y: Floats, x: Floats, size: float) -> tuple[Hashes, Floats, Floats]:
    """The jittered Voronoi cell of each position: its hash, and the row and column of its seed point.

    Cells are `size` wide on average, in the unit of `y` and `x`, which broadcast against each other.
    """
    y, x = np.broadcast_arrays(y, x)
    row, column = np.floor(y / size).astype(np.int64), np.floor(x / size).astype(np.int64)
    top, left = int(row.min()) - 1, int(column.min()) - 1
    rows = np.arange(top, int(row.max()) + 2, dtype=np.int64)[:, None]
    columns = np.arange(left, int(column.max()) + 2, dtype=np.int64)[None, :]
    hashes = mix(layer, rows, columns)
    points_y = ((rows + 0.1 + 0.8 * unit(mix(hashes, 1))) * size).reshape(-1)
    points_x = ((columns + 0.1 + 0.8 * unit(mix(hashes, 2))) * size).reshape(-1)
    own = (row - top) * columns.size + (column - left)
    nearest, chosen = np.full(y.shape, np.inf), own
    for down in (-1, 0, 1):
        for right in (-1, 0, 1):
            number = own + (down * columns.size + right)
            off_y, off_x = y - points_y[number], x - points_x[number]
            distance = off_y * off_y + off_x * off_x
            closer = distance < nearest
            nearest, chosen = np.where(closer, distance, nearest), np.where(closer, number, chosen)
    return hashes.reshape(-1)[chosen], points_y[chosen], points_x[chosen]
