"""How pixels become colours: QGIS's raster renderers as XML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from xml.sax.saxutils import quoteattr  # writes XML, reads none  # nosec B406

from ..vocabulary.classes import LandCoverClass

_BAND = 'opacity="1" nodataColor="" alphaBand="-1"'
# The limits below are meant: QGIS shall not estimate others.
_AS_GIVEN = "<minMaxOrigin><limits>None</limits><extent>WholeRaster</extent></minMaxOrigin>"

# The report's: on a straight scale that ends at bright clouds, land is dark.
_LAND_IS_DARK = '<brightnesscontrast brightness="0" contrast="0" gamma="1.4"/>'


@dataclass(frozen=True)
class Scale:
    """Colours (#rrggbb) at even steps from the lowest to the highest value, and the unit that follows a number."""

    colours: tuple[str, ...]
    lowest: float
    highest: float
    unit: str = ""

    @property
    def stops(self) -> list[tuple[float, str]]:
        """Each value with its colour."""
        step = (self.highest - self.lowest) / (len(self.colours) - 1)
        return [(self.lowest + number * step, colour) for number, colour in enumerate(self.colours)]


def paletted(classes: Sequence[LandCoverClass]) -> str:
    """A colour and a name for each class; other values are transparent."""
    entries = "".join(
        f'<paletteEntry value="{entry.id}" color="{entry.colour}" alpha="255" label={quoteattr(entry.name)}/>\n'
        for entry in classes
    )
    return (
        f'<rasterrenderer type="paletted" band="1" {_BAND}>\n<colorPalette>\n{entries}</colorPalette>\n'
        "</rasterrenderer>"
    )


def ramp(scale: Scale) -> str:
    """Colours between the stops of a scale; values beyond its ends have the colour of the end."""
    limits = f'minimumValue="{scale.lowest:g}" maximumValue="{scale.highest:g}"'
    items = "".join(
        f'<item value="{value:g}" color="{colour}" alpha="255" label={quoteattr(f"{value:g}{scale.unit}")}/>\n'
        for value, colour in scale.stops
    )
    return (
        f'<rasterrenderer type="singlebandpseudocolor" band="1" classificationMin="{scale.lowest:g}" '
        f'classificationMax="{scale.highest:g}" {_BAND}>\n{_AS_GIVEN}\n<rastershader>\n'
        f'<colorrampshader colorRampType="INTERPOLATED" classificationMode="1" clip="0" {limits}>\n{items}'
        f'<rampLegendSettings suffix={quoteattr(scale.unit)} useContinuousLegend="1"/>\n'
        "</colorrampshader>\n</rastershader>\n</rasterrenderer>"
    )


def true_colour(red: int, green: int, blue: int, lowest: float, highest: float) -> str:
    """Three bands (counted from 1) with the same stretch, land brightened."""
    stretches = "\n".join(_stretch(f"{name}ContrastEnhancement", lowest, highest) for name in ("red", "green", "blue"))
    return (
        f'<rasterrenderer type="multibandcolor" redBand="{red}" greenBand="{green}" blueBand="{blue}" {_BAND}>\n'
        f"{_AS_GIVEN}\n{stretches}\n</rasterrenderer>\n{_LAND_IS_DARK}"
    )


def grey(lowest: float, highest: float) -> str:
    """The first band from black to white."""
    return (
        f'<rasterrenderer type="singlebandgray" grayBand="1" gradient="BlackToWhite" {_BAND}>\n'
        f"{_AS_GIVEN}\n{_stretch('contrastEnhancement', lowest, highest)}\n</rasterrenderer>"
    )


def _stretch(name: str, lowest: float, highest: float) -> str:
    return (
        f"<{name}><minValue>{lowest:g}</minValue><maxValue>{highest:g}</maxValue>"
        f"<algorithm>StretchToMinimumMaximum</algorithm></{name}>"
    )
