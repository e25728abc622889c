"""The record of a cloud detection method. Standard library only: QGIS imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ...frozen import frozen

if TYPE_CHECKING:
    import numpy as np

    from ...grid.windows import Window
    from ...store.acquisitions import Acquisition
    from ...store.workspace import Workspace


@frozen
class MaskOptions:
    """Options of the user: threshold (0 to 1), radii in cells, and the pixels along the side of a cell."""

    threshold: float
    average_over: int
    dilation: int
    cell_factor: int


Settings = Mapping[str, Any]


@frozen
class MaskTask:
    """A window of an acquisition to mask, with the settings of a method and the number of threads."""

    workspace: Workspace
    acquisition: Acquisition
    window: Window
    settings: Settings
    threads: int

    def around(self, reach: int) -> Window:
        """The window with the pixels within `reach`, clipped to the rectangle of the area."""
        return self.window.expanded(reach).intersection(self.workspace.layout.domain)

    def read(self, window: Window, bands: Sequence[str]) -> np.ndarray:
        """Bands (band, y, x) of the acquisition in a window of the grid, uint16, 0 without data."""
        from ...store.reading import read_scene

        return read_scene(self.workspace, self.acquisition, window, bands)


@frozen
class CloudMethod:
    """A cloud detection method.

    `bands` are the bands that it needs, and `instead` says what to do without them. `settings` gives the
    settings of the method for the options; their `reach` is the radius in pixels that a pixel's mask depends on. `mask`
    gives probability in percent and mask (2, y, x) of a task, uint8, 255 = no data. `has_cells`: its bands may be
    fetched separately, in cells of `MaskOptions.cell_factor` pixels.
    """

    name: str
    label: str
    help: str
    bands: tuple[str, ...]
    instead: str
    settings: Callable[[MaskOptions], Settings]
    mask: Callable[[MaskTask], np.ndarray]
    has_cells: bool = False
