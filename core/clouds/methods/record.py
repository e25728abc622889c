"""The record of a cloud detection method. Standard library only: QGIS imports it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Callable

from ...frozen import frozen

if TYPE_CHECKING:
    import numpy as np

    from ...grid.patches import Patch
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
    """A window of one patch of an acquisition to mask, with the settings of a method and the number of threads."""

    workspace: Workspace
    patch: Patch
    acquisition: Acquisition
    window: Window
    settings: Settings
    threads: int

    def around(self, reach: int) -> Window:
        """The window with the pixels within `reach`, clipped to the imagery."""
        return self.workspace.catalogue.within_imagery(self.window.expanded(reach))

    def read(self, window: Window, bands: Sequence[str]) -> np.ndarray:
        """Bands (band, y, x) of the acquisition in a window within reach, uint16, 0 without data.

        Outside the area only the bands of the method have data.
        """
        from ...store.reading import add_surroundings, read_scene

        pixels = read_scene(self.workspace, self.acquisition, window, bands)
        if not self.acquisition.cells:
            add_surroundings(self.workspace, self.patch, self.acquisition, pixels, window, bands)
        return pixels

    def read_cells(self, cells: Window) -> np.ndarray:
        """The detector's bands (band, y, x) of an acquisition that has them in cells, uint16, 0 without data."""
        from ...store.reading import add_surroundings, read_cells
        from ...vocabulary.bands import DETECTOR_BANDS

        values = read_cells(self.workspace, self.acquisition, cells)
        add_surroundings(self.workspace, self.patch, self.acquisition, values, cells, DETECTOR_BANDS)
        return values


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
