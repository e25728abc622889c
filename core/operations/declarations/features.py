"""Parameters of the features and the cloud detection, which decide the bands to fetch."""

from typing import TYPE_CHECKING, Annotated

from ...clouds.methods import METHODS
from ...frozen import frozen
from ...parameters import Choice, Names, Number
from ...vocabulary.bands import DETECTOR_BANDS
from ...vocabulary.indices import INDICES
from .workspace import WorkspaceParameters

if TYPE_CHECKING:
    from ...clouds.methods.record import MaskOptions
    from ...grid.pixel_grid import PixelGrid


@frozen
class CloudMethodParameters(WorkspaceParameters):
    """The cloud detection method, the size of its cells, and its neighbourhoods, which decide what is fetched."""

    order = 40

    method: Annotated[
        str,
        Choice(
            "Cloud detection",
            "Automatic uses the scene classification (SCL) or the quality bits (Landsat) if the imagery has them, "
            f"otherwise s2cloudless, which needs ten bands of L1C: {', '.join(DETECTOR_BANDS)}.",
            options=METHODS.labels(auto="Automatic"),
        ),
    ] = "auto"
    cloud_resolution: Annotated[
        float,
        Number(
            "Cloud resolution",
            "Size of the cells in which s2cloudless detects clouds. It was trained at 60 m to 160 m; cells of twice "
            "the size are four times faster. 0 uses the pixels of the imagery.",
            advanced=True,
            unit="m",
            minimum=0,
        ),
    ] = 60.0
    average_over: Annotated[
        int,
        Number(
            "Averaging radius",
            "The cloud probability is averaged over a disk of this radius before the threshold; 0 does not average.",
            advanced=True,
            unit="cells",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 2
    dilation: Annotated[
        int,
        Number(
            "Cloud dilation",
            "The cloud mask is dilated by a disk of this radius, in cells (in pixels with SCL).",
            advanced=True,
            unit="cells",
            whole=True,
            minimum=0,
            maximum=50,
        ),
    ] = 1

    def mask_options(self, grid: "PixelGrid", threshold: float) -> "MaskOptions":
        """The options of the methods on a grid; what is fetched does not depend on the threshold (0 to 1)."""
        from ...clouds.choosing import cell_factor
        from ...clouds.methods.record import MaskOptions

        return MaskOptions(threshold, self.average_over, self.dilation, cell_factor(self.cloud_resolution, grid))


@frozen
class FeatureParameters(WorkspaceParameters):
    """Bands and indices of the features."""

    order = 43

    bands: Annotated[
        tuple[str, ...],
        Names(
            "Bands",
            "Bands used as features, separated by commas. Bands that the imagery does not have are ignored; radar "
            "bands (VV, VH) are always used.",
            advanced=True,
        ),
    ] = ("B02", "B03", "B04", "B08", "B11", "B12")
    indices: Annotated[
        tuple[str, ...],
        Names(
            "Indices",
            f"Spectral indices used as features, separated by commas: {', '.join(INDICES)}.",
            advanced=True,
            allowed=INDICES,
        ),
    ] = ("NDVI", "NDWI", "brightness")

    @property
    def needed_bands(self) -> tuple[str, ...]:
        """The bands of the features, and those of the indices."""
        made_of = [band for index in self.indices for band in INDICES[index].bands]
        return tuple(dict.fromkeys([*self.bands, *made_of]))


@frozen
class SeriesParameters(FeatureParameters):
    """Bands and indices of the features, and the dates of the series."""

    order = 44

    step: Annotated[
        int,
        Number(
            "Step between dates",
            "Observations are interpolated to regular dates, this many days apart.",
            advanced=True,
            unit="days",
            whole=True,
            minimum=1,
        ),
    ] = 16
