"""Radar sees through clouds: its pixels are valid where they have data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .record import CloudMethod, MaskOptions, MaskTask, Settings

if TYPE_CHECKING:
    import numpy as np


def _settings(options: MaskOptions) -> Settings:
    return {"reach": 0}


def _mask(task: MaskTask) -> np.ndarray:
    import numpy as np

    has_data = task.read(task.window, task.acquisition.bands).any(axis=0)
    return np.where(has_data, np.uint8(0), np.uint8(255))[np.newaxis].repeat(2, axis=0)


METHOD = CloudMethod(
    name="none",
    label="None (radar)",
    help="Radar sees through clouds.",
    bands=(),
    instead="",
    settings=_settings,
    mask=_mask,
)
