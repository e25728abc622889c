"""Arrays into pictures: colours for pixels, and pixels for a page."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib
import numpy as np
from matplotlib.image import imsave

# Blue to yellow, as the article shows cloud probability; readable for the colour-blind and in grey.
CLOUD_COLOURS = "cividis"
COUNT_COLOURS = "viridis"
CONFIDENCE_COLOURS = "YlGn"

_OUTLINE = (230, 30, 60, 255)


def true_colour(bands: np.ndarray, low: np.ndarray, high: float) -> np.ndarray:
    """(y, x, 4) uint8 of red, green, blue (3, y, x) as reflectance × 10000: `low` of each is black, `high` white.

    Pixels that are 0 in every band are transparent.
    """
    scaled = (bands.astype(np.float32) - low.reshape(3, 1, 1)) / np.maximum(high - low.reshape(3, 1, 1), 1.0)
    bright = np.clip(scaled, 0.0, 1.0) ** (1 / 1.3) * 255.0
    opaque = bands.any(axis=0) * np.float32(255.0)
    return np.moveaxis(np.concatenate([bright, opaque[None]]), 0, -1).round().astype(np.uint8)


def stretch(scenes: Sequence[np.ndarray]) -> tuple[np.ndarray, float]:
    """Black points (3,) and one white point that suit the land in all scenes (3, y, x), where 0 is no data.

    One stretch for all dates, so that brightness means the same in each picture and clouds are white.
    """
    pixels = np.concatenate([scene.reshape(3, -1)[:, scene.any(axis=0).ravel()] for scene in scenes], axis=1)
    if not pixels.size:
        return np.zeros(3), 3000.0
    dark = np.percentile(pixels, 1, axis=1)
    return dark, float(max(np.percentile(pixels, 99), dark.max() + 500.0))


def coloured(values: np.ndarray, highest: float, colours: str, lowest: float = 0.0) -> np.ndarray:
    """(y, x, 4) uint8 of values (y, x) on a scale of colours; NaN is transparent."""
    scaled = np.clip((values - lowest) / max(highest - lowest, 1e-9), 0.0, 1.0)
    picture: np.ndarray = matplotlib.colormaps[colours](np.nan_to_num(scaled), bytes=True)
    picture[np.isnan(values), 3] = 0
    return picture


def class_colours(ids: np.ndarray, table: Mapping[int, tuple[int, int, int]]) -> np.ndarray:
    """(y, x, 4) uint8 of class ids (y, x) in the colours of the table; ids it does not know are transparent."""
    colours = np.zeros((max([*table, int(ids.max(initial=0))]) + 1, 4), dtype=np.uint8)
    for id_, rgb in table.items():
        colours[id_] = (*rgb, 255)
    return colours[ids]


def enlarged(picture: np.ndarray, side: int) -> np.ndarray:
    """The picture with each pixel repeated until its longer side is about `side`; a larger one stays as it is."""
    factor = max(side // max(picture.shape[:2]), 1)
    return picture.repeat(factor, axis=0).repeat(factor, axis=1)


def with_outline(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The picture (y, x, 4) with a line of one pixel inside the edge of the mask (y, x) bool."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    drawn = picture.copy()
    drawn[mask & ~inner] = _OUTLINE
    return drawn


def as_png(picture: np.ndarray) -> str:
    """A picture (y, x, 4) uint8 as the address of an `<img>` that holds the picture itself."""
    content = io.BytesIO()
    options: dict[str, Any] = {"optimize": True}
    imsave(content, picture, format="png", metadata={"Software": None}, pil_kwargs=options)
    return "data:image/png;base64," + base64.b64encode(content.getvalue()).decode("ascii")


def gradient(colours: str, stops: int = 9) -> str:
    """The scale of colours as the stops of a CSS gradient, lowest first."""
    rows = matplotlib.colormaps[colours](np.linspace(0.0, 1.0, stops), bytes=True)
    return ", ".join(f"#{r:02x}{g:02x}{b:02x}" for r, g, b, _ in rows)
