"""QGIS style files (.qml) for rasters and polygons."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from xml.sax.saxutils import quoteattr  # writes XML, reads none  # nosec B406

_HEAD = "<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n"

_RED = "214,39,40,255"
_LABEL = """<labeling type="simple">
<settings>
<text-style fieldName={field} isExpression="0" fontSize="8" fontSizeUnit="Point" textColor="{colour}" textOpacity="1">
<text-buffer bufferDraw="1" bufferSize="0.8" bufferSizeUnits="MM" bufferColor="255,255,255,255" bufferOpacity="0.8"/>
</text-style>
<placement placement="1" centroidInside="1"/>
<rendering scaleVisibility="0" obstacle="0" displayAll="0" labelPerPart="0"/>
</settings>
</labeling>
"""

_MARKER = """<renderer-v2 type="singleSymbol" symbollevels="0" forceraster="0" enableorderby="0">
<symbols>
<symbol type="marker" name="0" alpha="1" clip_to_extent="1" force_rhr="0">
<layer class="SimpleMarker" enabled="1" locked="0" pass="0">
<prop k="name" v="cross"/>
<prop k="color" v="255,255,255,255"/>
<prop k="outline_color" v="214,39,40,255"/>
<prop k="outline_width" v="0.6"/>
<prop k="size" v="4"/>
</layer>
</symbol>
</symbols>
</renderer-v2>
"""

_MARKED = """<qgis version="3.22" styleCategories="Symbology|Labeling" labelsEnabled="1">
{marker}{label}</qgis>
"""

_OUTLINE = """<qgis version="3.22" styleCategories="Symbology|Labeling" labelsEnabled="{labelled:d}">
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
{label}</qgis>
"""


_POINTS = """<qgis version="3.22" styleCategories="Symbology|Fields|Forms">
<fieldConfiguration>
<field name="id" configurationFlags="None"><editWidget type="TextEdit"><config><Option/></config></editWidget></field>
<field name="class" configurationFlags="None"><editWidget type="ValueMap"><config><Option type="Map">
<Option type="List" name="map">
{options}
</Option>
</Option></config></editWidget></field>
<field name="cannot_tell" configurationFlags="None">
<editWidget type="CheckBox"><config><Option/></config></editWidget></field>
<field name="notes" configurationFlags="None"><editWidget type="TextEdit"><config><Option type="Map">
<Option type="bool" name="IsMultiline" value="true"/></Option></config></editWidget></field>
<field name="stratum" configurationFlags="None">
<editWidget type="Hidden"><config><Option/></config></editWidget></field>
<field name="stratum_pixels" configurationFlags="None">
<editWidget type="Hidden"><config><Option/></config></editWidget></field>
</fieldConfiguration>
<aliases>
<alias index="2" field="class" name="Class"/>
<alias index="3" field="cannot_tell" name="Cannot tell"/>
<alias index="4" field="notes" name="Notes"/>
</aliases>
<attributetableconfig><columns>
<column type="field" name="stratum" hidden="1"/>
<column type="field" name="stratum_pixels" hidden="1"/>
</columns></attributetableconfig>
{marker}</qgis>
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


def outline_document(colour: str, label_field: str, labelled: bool) -> str:
    """Style of polygons without fill: an outline in `colour` (`r,g,b,a`) and a label in the centre, to be switched on
    unless `labelled`."""
    label = _LABEL.format(colour=colour, field=attribute(label_field))
    return _HEAD + _OUTLINE.format(colour=colour, label=label, labelled=labelled)


def marked_document(label_field: str) -> str:
    """Style of points: a cross and a label."""
    label = _LABEL.format(colour=_RED, field=attribute(label_field))
    return _HEAD + _MARKED.format(marker=_MARKER, label=label)


def points_document(classes: Sequence[tuple[str, int]]) -> str:
    """Style of points to label: a form whose field `class` is chosen from (name, id); 0 is not labelled."""
    options = "\n".join(
        f'<Option type="Map"><Option type="QString" name={attribute(name)} value="{id_}"/></Option>'
        for name, id_ in [("(not labelled)", 0), *classes]
    )
    return _HEAD + _POINTS.format(options=options, marker=_MARKER)


def _temporal(start: datetime, end: datetime) -> str:
    first, last = (f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in (start, end))
    return (
        '<temporal enabled="1" mode="0" fetchMode="0">\n'
        f"<fixedRange><start>{first}</start><end>{last}</end></fixedRange>\n</temporal>\n"
    )
