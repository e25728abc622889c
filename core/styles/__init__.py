"""QGIS styles (.qml) beside the layers, which QGIS loads with them: class names, colours and colour ramps.

Colour ramps are those of the report.
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
from .documents import marked_document, outline_document, points_document, raster_document
from .renderers import Scale, grey, paletted, ramp, true_colour

_RED, _GREEN, _BLUE = "B04", "B03", "B02"
_BRIGHT = 3000  # reflectance × 10000 that is shown as white: a full range for land, clouds are white
PATCH_COLOUR = "70,70,70,255"
REFERENCE_COLOUR = "35,35,35,255"
SUSPECT_COLOUR = "214,39,40,255"
BLOCK_COLOUR = "136,34,85,255"
_RADAR_RANGE = (25_000, 50_000)  # -25 dB to 0 dB

# Colours of ColorBrewer YlGn, cividis, viridis (counts), and ColorBrewer BrBG and PRGn (NDVI).
CONFIDENCE = Scale(("#ffffe5", "#d8efa2", "#77c578", "#228342", "#004529"), 0, 100, " %")
ENTROPY = Scale(("#ffffe5", "#fee391", "#fe9929", "#cc4c02", "#662506"), 0, 1)
DISSIMILARITY = Scale(("#ffffe5", "#fee391", "#fe9929", "#cc4c02", "#662506"), 0, 1)
APPLICABLE = Scale(("#cc4c02", "#f7fcb9"), 0, 1)
MARGIN = Scale(("#662506", "#cc4c02", "#fe9929", "#fee391", "#ffffe5"), 0, 1)
CLOUD_PROBABILITY = Scale(("#00224d", "#434e6b", "#7c7b78", "#bbad6c", "#fde737"), 0, 100, " %")
MEAN_NDVI = Scale(("#8c510a", "#bf812d", "#dfc27d", "#f6e8c3", "#cbeac5", "#7dc37e", "#288340"), 0, 0.8)
_COUNT_COLOURS = ("#440154", "#3a528b", "#20908c", "#5ec961", "#fde724")

Moments = tuple[datetime, datetime]


def write_style(file: Path, style: str) -> None:
    """Write the style beside a file, where QGIS finds it."""
    update_text(file.with_suffix(".qml"), style)


def class_style(scheme: ClassScheme) -> str:
    """Paletted style with the colour and name of each class; no data is transparent."""
    return raster_document(paletted(scheme.classes))


def mask_style(entry: LandCoverClass) -> str:
    """Paletted style of a class mask: the colour of the class for 1, transparent elsewhere."""
    return raster_document(paletted([LandCoverClass(1, entry.name, entry.colour)]))


def scale_style(scale: Scale, shown: Moments | None = None) -> str:
    """Pseudocolour style of the first band, with an optional temporal range."""
    return raster_document(ramp(scale), shown)


def count_scale(highest: float) -> Scale:
    """Colour ramp for counts, from 0 to `highest`."""
    return Scale(_COUNT_COLOURS, 0, max(math.ceil(highest), 1))


def mean_cloud_scale(highest: float) -> Scale:
    """Colour ramp for mean cloud probability, from 0 to `highest`, which is far below 100 %."""
    return replace(CLOUD_PROBABILITY, highest=max(math.ceil(highest), 1))


def scene_style(bands: Sequence[str], shown: Moments) -> str:
    """True colour if there are red, green and blue bands, otherwise the first band in grey, with a temporal range.

    All scenes have the same stretch, so that brightness can be compared; no data is transparent.
    """
    if {_RED, _GREEN, _BLUE} <= set(bands):
        red, green, blue = (bands.index(name) + 1 for name in (_RED, _GREEN, _BLUE))
        return raster_document(true_colour(red, green, blue, 0, _BRIGHT), shown)
    lowest, highest = _RADAR_RANGE if bands[0] in RADAR_BANDS else (0, _BRIGHT)
    return raster_document(grey(lowest, highest), shown)


def outline_style(colour: str, label_field: str, *, labelled: bool = True) -> str:
    """Style of polygons as outlines, whose labels are shown, or on demand."""
    return outline_document(colour, label_field, labelled)


def marked_style(label_field: str) -> str:
    """Style of points as labelled crosses."""
    return marked_document(label_field)


def points_style(classes: ClassScheme) -> str:
    """Style of validation points: one symbol for all, and a form with the classes by name that hides the map's."""
    return points_document([(entry.name, entry.id) for entry in classes.classes])


def shown_moments(times: Sequence[datetime]) -> list[Moments]:
    """Temporal range of each scene, from times in order: until a second before the next scene, for the last one day.

    QGIS includes both ends, so exactly one scene is shown at any moment.
    """
    ends = [*times[1:], *(time + timedelta(days=1) for time in times[-1:])]
    return [(start, max(end - timedelta(seconds=1), start)) for start, end in zip(times, ends, strict=True)]
