"""Arrays as pictures: colouring, and output as PNG."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
_GAMMA = 1.4
_USUAL = 0.75  # brightness at the end of the usual range
_LEAST_RANGE = 400.0
_LEAST_CLEAR = 0.02  # of the pixels with data


@dataclass(frozen=True)
class Stretch:
    """Black (3,), white, and between them the end of the usual range of true colour, in reflectance × 10000.

    The usual range takes three quarters of the brightness, what is brighter takes the rest, such as snow beside land.
    """

    low: np.ndarray
    usual: float
    high: float


def true_colour(bands: np.ndarray, stretch: Stretch) -> np.ndarray:
    """RGBA (y, x, 4) uint8 of red, green, blue (3, y, x), reflectance × 10000.

    Pixels that are 0 in every band are transparent.
    """
    black = stretch.low.reshape(3, 1, 1)
    usual = np.clip((bands - black) / np.maximum(stretch.usual - black, 1.0), 0.0, 1.0) ** (1 / _GAMMA)
    brighter = np.clip((bands - stretch.usual) / max(stretch.high - stretch.usual, 1.0), 0.0, 1.0)
    picture = np.empty((*bands.shape[1:], 4), dtype=np.uint8)
    picture[..., :3] = np.moveaxis((_USUAL * usual + (1 - _USUAL) * brighter) * 255.0, 0, -1).round()
    picture[..., 3] = bands.any(axis=0) * 255
    return picture


def stretch_of(scenes: Sequence[np.ndarray], clear: Sequence[np.ndarray]) -> Stretch:
    """The stretch for all scenes (3, y, x), reflectance × 10000, 0 = no data, from their `clear` pixels (y, x).

    With one stretch, brightness can be compared between dates. It is taken from all pixels where few are clear.
    """
    seen = [scene[:, scene.any(axis=0)] for scene in scenes]
    chosen = [scene[:, mask & scene.any(axis=0)] for scene, mask in zip(scenes, clear, strict=True)]
    number = sum(pixels.shape[1] for pixels in seen)
    is_enough = sum(pixels.shape[1] for pixels in chosen) > _LEAST_CLEAR * number
    pixels = np.concatenate([np.zeros((3, 0)), *(chosen if is_enough else seen)], axis=1)
    if not pixels.size:
        return Stretch(np.zeros(3), _WHITE, _WHITE)
    low = np.percentile(pixels, 1, axis=1)
    usual, high = np.percentile(pixels.max(axis=0), [90, 99.8])
    usual = max(float(usual), float(low.max()) + _LEAST_RANGE)
    return Stretch(low, usual, max(float(high), usual + _LEAST_RANGE))


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
    metadata: dict[str, Any] = {"Software": None}
    imsave(content, picture, format="png", metadata=metadata)
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
