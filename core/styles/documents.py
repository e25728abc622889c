"""QGIS style files (.qml) for rasters and polygons."""

from __future__ import annotations

from datetime import datetime
from xml.sax.saxutils import quoteattr  # writes XML, reads none  # nosec B406

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"

_OUTLINE = """<qgis version="3.22" styleCategories="Symbology|Labeling" labelsEnabled="1">
<renderer-v2 type="singleSymbol" symbollevels="0" forceraster="0" enableorderby="0">
<symbols>
<symbol type="fill" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
<layer class="SimpleLine" enabled="1" locked="0" pass="0">
<prop k="line_color" v="{colour}"/>
<prop k="line_width" v="0.4"/>
<prop k="line_width_unit" v="MM"/>
</layer>
</symbol>
</symbols>
</renderer-v2>
<labeling type="simple">
<settings>
<text-style fieldName={field} isExpression="0" fontSize="8" fontSizeUnit="Point" textColor="{colour}" textOpacity="1">
<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="255,255,255,255" bufferOpacity="0.8"/>
</text-style>
<placement placement="1" centroidInside="1"/>
<rendering scaleVisibility="0" obstacle="0" displayAll="0" labelPerPart="0"/>
</settings>
</labeling>
</qgis>
"""


def attribute(text: str) -> str:
    """A text as a quoted XML attribute; characters that XML does not allow become spaces."""
    return quoteattr("".join(letter if letter.isprintable() else " " for letter in text))


def raster_document(renderer: str, shown: tuple[datetime, datetime] | None = None) -> str:
    """Style of a raster, with an optional temporal range `shown` (start and end, UTC)."""
    categories = "Symbology" if shown is None else "Symbology|Temporal"
    temporal = "" if shown is None else _temporal(*shown)
    return (
        f'{_HEAD}<qgis version="3.22" styleCategories="{categories}">\n{temporal}<pipe>\n{renderer}\n</pipe>\n'
        "<blendMode>0</blendMode>\n</qgis>\n"
    )


def outline_document(colour: str, label_field: str) -> str:
    """Style of polygons without fill: an outline in `colour` (`r,g,b,a`) and a label in the centre."""
    return _HEAD + _OUTLINE.format(colour=colour, field=attribute(label_field))


def _temporal(start: datetime, end: datetime) -> str:
    first, last = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (start, end))
    return (
        '<temporal enabled="1" mode="0" fetchMode="0">\n'
        f"<fixedRange><start>{first}</start><end>{last}</end></fixedRange>\n</temporal>\n"
    )
