"""QGIS styles (.qml) that lie beside layers: whoever opens a file sees class names, colours and scales at once.

The scales have the colours of the report, so that a colour means the same in both.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from ..store.files import update_text
from ..vocabulary.bands import RADAR_BANDS
from ..vocabulary.classes import ClassScheme, LandCoverClass
from .documents import outline_document, raster_document
from .renderers import Scale, grey, paletted, ramp, true_colour

_RED, _GREEN, _BLUE = "B04", "B03", "B02"
_BRIGHT = 3000  # reflectance × 10000 that is shown white: land has its full range, clouds are white
PATCH_COLOUR = "70,70,70,255"
_RADAR_RANGE = (25_000, 50_000)  # -25 dB to 0 dB

# Yellow to green as ColorBrewer's YlGn, blue to yellow as cividis, viridis, and brown to green of BrBG and PRGn.
CONFIDENCE = Scale(("#ffffe5", "#d8efa2", "#77c578", "#228342", "#004529"), 0, 100, " %")
CLOUD_PROBABILITY = Scale(("#00224d", "#434e6b", "#7c7b78", "#bbad6c", "#fde737"), 0, 100, " %")
MEAN_NDVI = Scale(("#8c510a", "#bf812d", "#dfc27d", "#f6e8c3", "#cbeac5", "#7dc37e", "#288340"), 0, 0.8)
_COUNT_COLOURS = ("#440154", "#3a528b", "#20908c", "#5ec961", "#fde724")

Moments = tuple[datetime, datetime]


def write_style(file: Path, style: str) -> None:
    """Put a style beside a file, where QGIS finds it when it opens the file."""
    update_text(file.with_suffix(".qml"), style)


def class_style(scheme: ClassScheme) -> str:
    """A colour and a name for each class; no data is transparent."""
    return raster_document(paletted(scheme.classes))


def mask_style(entry: LandCoverClass) -> str:
    """The class's own colour where the mask is 1, nothing elsewhere."""
    return raster_document(paletted([LandCoverClass(1, entry.name, entry.colour)]))


def scale_style(scale: Scale, shown: Moments | None = None) -> str:
    """A scale of colours over the first band."""
    return raster_document(ramp(scale), shown)


def count_scale(highest: float) -> Scale:
    """A scale for counts from 0."""
    return Scale(_COUNT_COLOURS, 0, max(math.ceil(highest), 1))


def mean_cloud_scale(highest: float) -> Scale:
    """A scale for means of cloud probability, which are far below 100 %."""
    return replace(CLOUD_PROBABILITY, highest=max(math.ceil(highest), 1))


def scene_style(bands: Sequence[str], shown: Moments) -> str:
    """True colour where there are red, green and blue, otherwise the first band in grey; shown in its time.

    All scenes have the same stretch, so that brightness means the same in each; no data is transparent.
    """
    if {_RED, _GREEN, _BLUE} <= set(bands):
        red, green, blue = (bands.index(name) + 1 for name in (_RED, _GREEN, _BLUE))
        return raster_document(true_colour(red, green, blue, 0, _BRIGHT), shown)
    lowest, highest = _RADAR_RANGE if bands[0] in RADAR_BANDS else (0, _BRIGHT)
    return raster_document(grey(lowest, highest), shown)


def outline_style(colour: str, label_field: str) -> str:
    """Polygons as outlines, with a label each."""
    return outline_document(colour, label_field)


def shown_moments(times: Sequence[datetime]) -> list[Moments]:
    """From when to when each of the scenes (in order of time) is shown: until a second before the next one.

    QGIS counts both ends in, so exactly one scene is shown at any moment. The last is shown for a day.
    """
    ends = [*times[1:], *(time + timedelta(days=1) for time in times[-1:])]
    return [(start, max(end - timedelta(seconds=1), start)) for start, end in zip(times, ends, strict=True)]
