"""Clouds by s2cloudless, from ten bands of Sentinel-2 L1C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...vocabulary.bands import DETECTOR_BANDS
from .record import CloudMethod, MaskOptions, Settings

if TYPE_CHECKING:
    import numpy as np

    from ...grid.windows import Window
    from ...store.acquisitions import Acquisition
    from ...store.workspace import Workspace


def _settings(options: MaskOptions) -> Settings:
    margin = options.average_over + options.dilation
    return {
        "factor": options.cell_factor,
        "threshold": options.threshold,
        "average_over": options.average_over,
        "dilation": options.dilation,
        "reach": margin * options.cell_factor + options.cell_factor - 1,
    }


def _mask(
    workspace: Workspace, acquisition: Acquisition, window: Window, settings: Settings, threads: int
) -> np.ndarray:
    """Cells are whole multiples from the grid's origin, and neighbours are read past the patch's edge."""
    import numpy as np

    from ...store.reading import read_cells, read_scene
    from ..detection import cell_reflectance, cloud_mask, cloud_probability, percent

    factor, margin = settings["factor"], settings["average_over"] + settings["dilation"]
    cells = window.coarse(factor).expanded(margin).intersection(workspace.layout.domain.coarse(factor))
    if acquisition.cells:
        reflectance, has_data = cell_reflectance(read_cells(workspace, acquisition, cells), 1)
        pixels = read_scene(workspace, acquisition, cells.fine(factor), acquisition.bands[:1])
    else:
        pixels = read_scene(workspace, acquisition, cells.fine(factor), DETECTOR_BANDS)
        reflectance, has_data = cell_reflectance(pixels, factor)
    probability = cloud_probability(reflectance, has_data, threads)
    mask = cloud_mask(
        probability,
        has_data,
        threshold=settings["threshold"],
        average_over=settings["average_over"],
        dilation=settings["dilation"],
    )
    coarse = np.stack([percent(probability), mask.astype(np.uint8)])
    fine = coarse.repeat(factor, axis=1).repeat(factor, axis=2)
    clouds = np.where(pixels.any(axis=0), fine, np.uint8(255))
    return clouds[(slice(None), *cells.fine(factor).slices(window))]


METHOD = CloudMethod(
    name="s2cloudless",
    label="s2cloudless (L1C)",
    help="Masks cells whose cloud probability, by the s2cloudless detector, exceeds the threshold. It needs ten bands "
    "of L1C.",
    bands=DETECTOR_BANDS,
    instead="Use L1C imagery with these bands, or imagery with the scene classification SCL.",
    settings=_settings,
    mask=_mask,
    has_cells=True,
)
