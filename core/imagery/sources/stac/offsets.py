"""Whether the offset of baseline 04.00 is taken off already, decided from the pixels of an item."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from rasterio.io import DatasetReader

from ....vocabulary.bands import CATEGORICAL_BANDS
from .assets import Assets
from .reading import ImageReader, MissingImageError

Decision = Literal["taken off", "not taken off", "undecided"]

# Blue, in which vegetation and water are dark, then short-wave infrared, in which snow and water are.
BANDS = ("B02", "B12", "B04", "B11", "B03", "B08", "B8A")
_MOST_BANDS, _AGREEING = 3, 2
_SIDE = 512
# With the offset of 1000 a reflectance of -0.02 is 800: noise and shadows hardly reach it. Without it, vegetation and
# water are far below, so that one pixel in a hundred decides.
_DARK, _FLOOR = 800, 1250
_MANY, _FEW, _SOME = 0.01, 0.001, 0.005
_LEAST_PIXELS = 100


def decide(values: np.ndarray, offset: float) -> Decision:
    """Whether `offset` (such as -1000) is taken off the values of an image; 0 is no data.

    It is if many values are well below 1000. It is not if there are none, but some just above: the darkest ground.
    """
    valid = values[values > 0]
    if valid.size < _LEAST_PIXELS:
        return "undecided"
    unit = -offset / 1000.0
    dark = float((valid < _DARK * unit).mean())
    if dark >= _MANY:
        return "taken off"
    near_floor = float(((valid >= _DARK * unit) & (valid < _FLOOR * unit)).mean())
    return "not taken off" if dark <= _FEW and near_floor >= _SOME else "undecided"


def thinned(file: DatasetReader) -> np.ndarray:
    """The image in at most 512 × 512 pixels, from an overview if it has one."""
    factor = max(file.height / _SIDE, file.width / _SIDE, 1.0)
    values: np.ndarray = file.read(1, out_shape=(round(file.height / factor), round(file.width / factor)))
    return values


def settled(assets: Assets, images: ImageReader, tile: Mapping[str, Any]) -> dict[str, Any]:
    """The facts of an item with the offset that its pixels need: `offset` records what was found.

    `changed_offset` is there if the catalogue says otherwise, `is_undecided` if its word is used without proof.
    """
    doubt = float(tile["doubt"])
    measured = [band for band in tile["images"] if band not in CATEGORICAL_BANDS]
    said = "taken off" if all(tile["images"][band][2] == 0.0 for band in measured) else "not taken off"
    found = _decision(assets, images, tile, doubt)
    what = f"the offset of {-doubt:.0f}"
    if found == "undecided":
        text = f"the pixels do not show whether {what} is taken off; the declaration of the catalogue is used: {said}"
        return {**tile, "offset": text, "is_undecided": True}
    if found == said:
        return {**tile, "offset": f"{what} is {found}, by the pixels and the catalogue"}
    offset = 0.0 if found == "taken off" else doubt
    changed = {
        band: [*image[:2], offset if band in measured else image[2], *image[3:]]
        for band, image in tile["images"].items()
    }
    text = f"{what} is {found} by the pixels, although the catalogue says {said}; the pixels decide"
    return {**tile, "images": changed, "offset": text, "changed_offset": offset}


def _decision(assets: Assets, images: ImageReader, tile: Mapping[str, Any], offset: float) -> Decision:
    """The decision of up to three bands: one shows that the offset is taken off, two that it is not."""
    found: list[Decision] = []
    bands = [band for band in BANDS if band in tile["images"]][:_MOST_BANDS]
    for band in bands:
        try:
            found.append(decide(images.read(assets.address_of(tile, band), thinned), offset))
        except MissingImageError:
            continue
        if found[-1] == "taken off":
            return "taken off"
        if found.count("not taken off") == min(_AGREEING, len(bands)):
            return "not taken off"
    return "undecided"
