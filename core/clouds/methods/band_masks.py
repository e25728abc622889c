"""Common parts of methods that read clouds from a band of the imagery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from .record import MaskOptions, MaskTask, Settings

if TYPE_CHECKING:
    import numpy as np

    from ...grid.windows import Window

    Classify = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray, np.ndarray]]


def dilation_settings(options: MaskOptions) -> Settings:
    """The settings of a method that only dilates."""
    return {"dilation": options.dilation, "reach": options.dilation}


def cut(probability: np.ndarray, mask: np.ndarray, has_data: np.ndarray, whole: Window, window: Window) -> np.ndarray:
    """Probability and mask (2, y, x) of `window`, 255 where there is no data, of arrays (y, x) of `whole`."""
    import numpy as np

    clouds = np.where(has_data, np.stack([probability, mask.astype(np.uint8)]), np.uint8(255))
    return clouds[(slice(None), *whole.slices(window))]


def mask_of_band(band: str, classify: Classify) -> Callable[[MaskTask], np.ndarray]:
    """The `mask` of a method that classifies one band."""

    def mask(task: MaskTask) -> np.ndarray:
        whole = task.around(task.settings["reach"])
        return cut(*classify(task.read(whole, [band])[0], task.settings["dilation"]), whole, task.window)

    return mask
