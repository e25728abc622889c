"""Clouds of the quality bits (QA_PIXEL) of Landsat Collection 2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .band_masks import dilation_settings, mask_of_band
from .record import CloudMethod

if TYPE_CHECKING:
    import numpy as np


def classify_qa(bits: np.ndarray, dilation: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability (percent), mask and data (each y, x) of Landsat's quality bits (QA_PIXEL of Collection 2).

    Bit 0 is fill, 1 dilated cloud, 2 cirrus, 3 cloud, 4 cloud shadow. The mask holds all of these but fill.
    """
    import numpy as np

    from ...grid.neighbourhoods import dilate

    cloud = (bits & 0b01110) > 0
    has_data = (bits > 0) & ((bits & 1) == 0)
    mask = dilate(cloud | ((bits & 0b10000) > 0), dilation) & has_data
    return np.where(cloud, 100, 0).astype(np.uint8), mask, has_data


METHOD = CloudMethod(
    name="qa",
    label="Quality bits (Landsat)",
    help="Masks clouds, cirrus and cloud shadows of the quality bits that Landsat imagery comes with.",
    bands=("QA",),
    instead="Use Landsat imagery, or METHOD auto.",
    settings=dilation_settings,
    mask=mask_of_band("QA", classify_qa),
)
