"""Clouds of the cloud probability (CLP) that services offer with Sentinel-2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .bands import around, cut
from .record import CloudMethod, MaskOptions, Settings

if TYPE_CHECKING:
    import numpy as np

    from ...grid.windows import Window
    from ...store.acquisitions import Acquisition
    from ...store.workspace import Workspace


def _settings(options: MaskOptions) -> Settings:
    return {"threshold": options.threshold, "dilation": options.dilation, "reach": options.dilation}


def _mask(
    workspace: Workspace, acquisition: Acquisition, window: Window, settings: Settings, threads: int
) -> np.ndarray:
    import numpy as np

    from ...grid.neighbourhoods import dilate
    from ...store.reading import read_scene

    whole = around(workspace, window, settings)
    chance, other = read_scene(workspace, acquisition, whole, ["CLP", acquisition.bands[0]])
    probability = np.rint(chance / 2.55).astype(np.uint8)
    mask = dilate(probability > settings["threshold"] * 100.0, settings["dilation"])
    return cut(probability, mask, other > 0, whole, window)


METHOD = CloudMethod(
    name="clp",
    label="Cloud probability of the service (CLP)",
    help="Masks pixels whose cloud probability, as the service computed it with s2cloudless, exceeds the threshold.",
    bands=("CLP",),
    instead="Use imagery of a service that offers it, or METHOD auto.",
    settings=_settings,
    mask=_mask,
)
