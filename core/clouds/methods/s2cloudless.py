"""Clouds by s2cloudless, from ten bands of Sentinel-2 L1C."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...vocabulary.bands import DETECTOR_BANDS
from .record import CloudMethod, MaskOptions, MaskTask, Settings

if TYPE_CHECKING:
    import numpy as np


def _settings(options: MaskOptions) -> Settings:
    margin = options.average_over + options.dilation
    return {
        "factor": options.cell_factor,
        "threshold": options.threshold,
        "average_over": options.average_over,
        "dilation": options.dilation,
        "reach": margin * options.cell_factor + options.cell_factor - 1,
    }


def _mask(task: MaskTask) -> np.ndarray:
    """Cells are whole multiples from the grid's origin, and neighbours are read past the edges of patch and area.

    A pixel whose cell has no data has neither probability nor mask.
    """
    import numpy as np

    from ..detection import cell_reflectance, cloud_mask, cloud_probability, percent

    settings, factor = task.settings, task.settings["factor"]
    margin = settings["average_over"] + settings["dilation"]
    cells = task.workspace.catalogue.within_imagery(task.window.coarse(factor).expanded(margin), factor)
    if task.acquisition.cells:
        reflectance, has_data = cell_reflectance(task.read_cells(cells), 1)
        pixels = task.read(cells.fine(factor), task.acquisition.bands[:1])
    else:
        pixels = task.read(cells.fine(factor), DETECTOR_BANDS)
        reflectance, has_data = cell_reflectance(pixels, factor)
    probability = cloud_probability(reflectance, has_data, task.threads)
    mask = cloud_mask(
        probability,
        has_data,
        threshold=settings["threshold"],
        average_over=settings["average_over"],
        dilation=settings["dilation"],
    )
    coarse = np.where(has_data, np.stack([percent(probability), mask.astype(np.uint8)]), np.uint8(255))
    fine = coarse.repeat(factor, axis=1).repeat(factor, axis=2)
    clouds = np.where(pixels.any(axis=0), fine, np.uint8(255))
    return clouds[(slice(None), *cells.fine(factor).slices(task.window))]


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
