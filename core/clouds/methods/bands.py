"""What methods have in common that read clouds from a band of the imagery."""

from __future__ import annotations

from typing import TYPE_CHECKING, Callable

from .record import MaskOptions, Settings

if TYPE_CHECKING:
    import numpy as np

    from ...grid.windows import Window
    from ...store.acquisitions import Acquisition
    from ...store.workspace import Workspace

    Classify = Callable[[np.ndarray, int], tuple[np.ndarray, np.ndarray, np.ndarray]]


def dilation_settings(options: MaskOptions) -> Settings:
    """The settings of a method that only dilates."""
    return {"dilation": options.dilation, "reach": options.dilation}


def around(workspace: Workspace, window: Window, settings: Settings) -> Window:
    """The window with all pixels that decide its mask."""
    return window.expanded(settings["reach"]).intersection(workspace.layout.domain)


def cut(probability: np.ndarray, mask: np.ndarray, has_data: np.ndarray, whole: Window, window: Window) -> np.ndarray:
    """Probability and mask (2, y, x) of `window`, 255 where there is no data, of arrays (y, x) of `whole`."""
    import numpy as np

    clouds = np.where(has_data, np.stack([probability, mask.astype(np.uint8)]), np.uint8(255))
    return clouds[(slice(None), *whole.slices(window))]


def mask_of_band(
    band: str, classify: Classify
) -> Callable[[Workspace, Acquisition, Window, Settings, int], np.ndarray]:
    """The `mask` of a method that classifies one band."""

    def mask(
        workspace: Workspace, acquisition: Acquisition, window: Window, settings: Settings, threads: int
    ) -> np.ndarray:
        from ...store.reading import read_scene

        whole = around(workspace, window, settings)
        values = read_scene(workspace, acquisition, whole, [band])[0]
        return cut(*classify(values, settings["dilation"]), whole, window)

    return mask
