"""Arrays as pictures: colouring, and output as PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib
import numpy as np
from matplotlib.image import imsave

from ..store.files import written_whole

# From blue to yellow, as in the original article; readable with colour blindness and in greyscale.
CLOUD_COLOURS = "cividis"
COUNT_COLOURS = "viridis"
CONFIDENCE_COLOURS = "YlGn"

_OUTLINE = (230, 30, 60, 255)
_WHITE = 3500.0


def true_colour(bands: np.ndarray, low: np.ndarray, high: float) -> np.ndarray:
    """RGBA (y, x, 4) uint8 of red, green, blue (3, y, x), reflectance × 10000, stretched from `low` (3,) to `high`.

    Pixels that are 0 in every band are transparent.
    """
    black = low.reshape(3, 1, 1)
    scaled = np.clip((bands - black) / np.maximum(high - black, 1.0), 0.0, 1.0)
    picture = np.empty((*bands.shape[1:], 4), dtype=np.uint8)
    picture[..., :3] = np.moveaxis(scaled ** (1 / 1.4) * 255.0, 0, -1).round()
    picture[..., 3] = bands.any(axis=0) * 255
    return picture


def stretch(scenes: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    """Black points (3,) and a white point for all scenes (3, y, x), reflectance × 10000, 0 = no data.

    With the same stretch, brightness can be compared between dates, and clouds are white. It is taken from the darker
    scenes, so that snow or haze in some scenes does not darken the others.
    """
    points = []
    for scene in scenes:
        pixels = scene[:, scene.any(axis=0)]
        if pixels.size:
            points.append(np.percentile(pixels, [1, 99], axis=1))
    if not points:
        return np.zeros(3), _WHITE
    low = np.quantile([dark for dark, _ in points], 0.25, axis=0)
    bright = float(np.quantile([light.max() for _, light in points], 0.1))
    least = float(low.max()) + 800.0
    return low, float(np.clip(bright, least, max(_WHITE, least)))


def coloured(values: np.ndarray, highest: float, colours: str, lowest: float = 0.0) -> np.ndarray:
    """RGBA (y, x, 4) uint8 of values (y, x) in a colour map; NaN is transparent."""
    scaled = np.clip((values - lowest) / max(highest - lowest, 1e-9), 0.0, 1.0)
    picture: np.ndarray = matplotlib.colormaps[colours](np.nan_to_num(scaled), bytes=True)
    picture[np.isnan(values), 3] = 0
    return picture


def class_colours(ids: np.ndarray, table: Mapping[int, tuple[int, int, int]]) -> np.ndarray:
    """RGBA (y, x, 4) uint8 of class ids (y, x) in the colours of `table`; other ids are transparent."""
    colours = np.zeros((max([*table, int(ids.max(initial=0))]) + 1, 4), dtype=np.uint8)
    for id_, rgb in table.items():
        colours[id_] = (*rgb, 255)
    picture: np.ndarray = colours[ids]
    return picture


def enlarged(picture: np.ndarray, side: int) -> np.ndarray:
    """Enlarge a picture by a whole factor to about `side` pixels on the longer side; larger pictures are unchanged."""
    factor = max(side // max(picture.shape[:2]), 1)
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def with_outline(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Draw the inner edge of a mask (y, x) bool on a picture (y, x, 4), also along the border of the picture."""
    inner = mask.copy()
    inner[[0, -1]] = False
    inner[:, [0, -1]] = False
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    drawn = picture.copy()
    drawn[mask & ~inner] = _OUTLINE
    return drawn


def as_png(picture: np.ndarray) -> str:
    """A picture (y, x, 4) uint8 as a PNG data URL for `<img>`."""
    content = io.BytesIO()
    options: dict[str, Any] = {"optimize": True}
    metadata: dict[str, Any] = {"Software": None}
    imsave(content, picture, format="png", metadata=metadata, pil_kwargs=options)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def save_picture(picture: np.ndarray, path: Path, tags: Mapping[str, str]) -> None:
    """Write a picture (y, x, 4) uint8 as PNG with metadata `tags`, atomically."""
    metadata: dict[str, Any] = {"Software": None, **tags}
    with written_whole(path) as temporary:
        imsave(temporary, picture, format="png", metadata=metadata)


def gradient(colours: str, stops: int = 9) -> str:
    """A colour map as stops of a CSS gradient, lowest first."""
    rows = matplotlib.colormaps[colours](np.linspace(0.0, 1.0, stops), bytes=True)
    return ", ".join(f"#{r:02x}{g:02x}{b:02x}" for r, g, b, _ in rows)
