"""QGIS styles (.qml) that lie beside rasters, so that whoever opens them sees class colours and names."""

from __future__ import annotations

from pathlib import Path
from xml.sax.saxutils import quoteattr

from .classes import ClassScheme
from .files import write_text

_STYLE = """<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>
<qgis version="3.22" styleCategories="Symbology">
 <pipe>
  <rasterrenderer type="paletted" band="1" opacity="1" nodataColor="" alphaBand="-1">
   <colorPalette>
{entries}
   </colorPalette>
  </rasterrenderer>
 </pipe>
 <blendMode>0</blendMode>
</qgis>
"""


def write_class_style(path: Path, scheme: ClassScheme) -> None:
    """Write the style of a class raster: a colour and a name for each id; no data is transparent."""
    entries = "\n".join(
        f'    <paletteEntry value="{entry.id}" color="{entry.colour}" alpha="255" label={quoteattr(entry.name)}/>'
        for entry in scheme.classes
    )
    write_text(path, _STYLE.format(entries=entries))
