"""Clouds of the scene classification (SCL) of Sentinel-2 L2A."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .band_masks import dilation_settings, mask_of_band
from .record import CloudMethod

if TYPE_CHECKING:
    import numpy as np

# Classes of Sen2Cor's scene classification (Sentinel-2 L2A product specification)
_KNOWN = range(2, 12)  # 0 is no data, 1 saturated or defective; other numbers mean nothing
_SHADOW = 3
_CLOUD = (8, 9, 10)


def classify_scl(scl: np.ndarray, dilation: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probability (percent), mask and data (each y, x) of a scene classification.

    The probability is 100 at clouds and cirrus and 0 elsewhere; the mask holds cloud shadows too.
    """
    import numpy as np

    from ...grid.neighbourhoods import dilate

    cloud = np.isin(scl, _CLOUD)
    has_data = np.isin(scl, _KNOWN)
    mask = dilate(cloud | (scl == _SHADOW), dilation)
    return np.where(cloud, 100, 0).astype(np.uint8), mask, has_data


METHOD = CloudMethod(
    name="scl",
    label="Scene classification (L2A)",
    help="Masks clouds, cirrus and cloud shadows of the scene classification that L2A imagery comes with.",
    bands=("SCL",),
    instead="Use s2cloudless, or L2A imagery.",
    settings=dilation_settings,
    mask=mask_of_band("SCL", classify_scl),
)
