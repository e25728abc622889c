"""QGIS raster renderers as XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..vocabulary.classes import LandCoverClass
from ..vocabulary.plurals import written
from .documents import attribute

_BAND = 'opacity="1" nodataColor="" alphaBand="-1"'
# Fixed limits: QGIS does not estimate them.
_AS_GIVEN = "<minMaxOrigin><limits>None</limits><extent>WholeRaster</extent></minMaxOrigin>"

# The gamma of the report: in a linear stretch up to bright clouds, land is dark.
_GAMMA = '<brightnesscontrast brightness="0" contrast="0" gamma="1.4"/>'


@dataclass(frozen=True)
class Scale:
    """A colour ramp: colours (#rrggbb) at equal intervals from the lowest to the highest value, and the unit."""

    colours: tuple[str, ...]
    lowest: float
    highest: float
    unit: str = ""

    @property
    def stops(self) -> list[tuple[float, str]]:
        """Values and their colours."""
        step = (self.highest - self.lowest) / (len(self.colours) - 1)
        return [(self.lowest + number * step, colour) for number, colour in enumerate(self.colours)]


def paletted(classes: Sequence[LandCoverClass]) -> str:
    """Paletted renderer with the colour and name of each class; other values are transparent."""
    entries = "".join(
        f'<paletteEntry value="{entry.id}" color={attribute(entry.colour)} alpha="255" '
        f"label={attribute(entry.name)}/>\n"
        for entry in classes
    )
    return (
        f'<rasterrenderer type="paletted" band="1" {_BAND}>\n<colorPalette>\n{entries}</colorPalette>\n'
        "</rasterrenderer>"
    )


def ramp(scale: Scale) -> str:
    """Pseudocolour renderer with linear interpolation; values outside the scale have the colour of its end."""
    limits = f'minimumValue="{scale.lowest:g}" maximumValue="{scale.highest:g}"'
    items = "".join(
        f'<item value="{value:g}" color="{colour}" alpha="255" label={attribute(f"{written(value)}{scale.unit}")}/>\n'
        for value, colour in scale.stops
    )
    return (
        f'<rasterrenderer type="singlebandpseudocolor" band="1" classificationMin="{scale.lowest:g}" '
        f'classificationMax="{scale.highest:g}" {_BAND}>\n{_AS_GIVEN}\n<rastershader>\n'
        f'<colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" {limits}>\n{items}'
        f'<rampLegendSettings suffix={attribute(scale.unit)} useContinuousLegend="1"/>\n'
        "</colorrampshader>\n</rastershader>\n</rasterrenderer>"
    )


def true_colour(red: int, green: int, blue: int, lowest: float, highest: float) -> str:
    """Multiband renderer of three bands (from 1) with the same stretch and a gamma that brightens land."""
    stretches = "\n".join(_stretch(f"{name}ContrastEnhancement", lowest, highest) for name in ("red", "green", "blue"))
    return (
        f'<rasterrenderer type="multibandcolor" redBand="{red}" greenBand="{green}" blueBand="{blue}" {_BAND}>\n'
        f"{_AS_GIVEN}\n{stretches}\n</rasterrenderer>\n{_GAMMA}"
    )


def grey(lowest: float, highest: float) -> str:
    """Grey renderer of the first band, from black to white."""
    return (
        f'<rasterrenderer type="singlebandgray" grayBand="1" gradient="BlackToWhite" {_BAND}>\n'
        f"{_AS_GIVEN}\n{_stretch('contrastEnhancement', lowest, highest)}\n</rasterrenderer>"
    )


def _stretch(name: str, lowest: float, highest: float) -> str:
    return (
        f"<{name}><minValue>{lowest:g}</minValue><maxValue>{highest:g}</maxValue>"
        f"<algorithm>StretchToMinimumMaximum</algorithm></{name}>"
    )
