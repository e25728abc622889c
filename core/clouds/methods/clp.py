"""Clouds of the cloud probability (CLP) that services offer with Sentinel-2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .band_masks import cut
from .record import CloudMethod, MaskOptions, MaskTask, Settings

if TYPE_CHECKING:
    import numpy as np


def _settings(options: MaskOptions) -> Settings:
    return {"threshold": options.threshold, "dilation": options.dilation, "reach": options.dilation}


def _mask(task: MaskTask) -> np.ndarray:
    import numpy as np

    from ...grid.neighbourhoods import dilate

    whole = task.around(task.settings["reach"])
    chance, other = task.read(whole, ["CLP", task.acquisition.bands[0]])
    probability = np.rint(chance / 2.55).astype(np.uint8)
    percent = round(task.settings["threshold"] * 100.0, 6)  # 0.29 * 100 is a little less than 29
    mask = dilate(probability > percent, task.settings["dilation"])
    return cut(probability, mask, other > 0, whole, task.window)


METHOD = CloudMethod(
    name="clp",
    label="Cloud probability of the service (CLP)",
    help="Masks pixels whose cloud probability, as the service computed it with s2cloudless, exceeds the threshold.",
    bands=("CLP",),
    instead="Use imagery of a service that offers it, or METHOD auto.",
    settings=_settings,
    mask=_mask,
)
