"""The patches as one virtual raster (GDAL's VRT), without copying them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape, quoteattr  # writes XML, reads none  # nosec B406

from ..grid.pixel_grid import PixelGrid
from ..grid.windows import Window
from .rasters import TILE_HEIGHT, TILE_WIDTH


def virtual_mosaic(
    grid: PixelGrid,
    domain: Window,
    sources: Sequence[tuple[str, Window]],
    names: Sequence[str],
    *,
    nodata: int,
    tags: Mapping[str, str],
) -> str:
    """A VRT of uint16 bands over `domain`, made of files and the windows they fill.

    Files are relative to the VRT, each with all bands in the order of `names`. They are opened only when pixels are
    read, so the patches of a country open at once.
    """
    place = grid.affine(domain)
    corner = ", ".join(repr(float(number)) for number in (place.c, place.a, place.b, place.f, place.d, place.e))
    items = "".join(f"  <MDI key={quoteattr(key)}>{escape(value)}</MDI>\n" for key, value in tags.items())
    bands = "".join(_band(number, name, domain, sources, nodata) for number, name in enumerate(names, start=1))
    return (
        f'<VRTDataset rasterXSize="{domain.width}" rasterYSize="{domain.height}">\n'
        f' <SRS dataAxisToSRSAxisMapping="1,2">{escape(grid.crs)}</SRS>\n'
        f" <GeoTransform>{corner}</GeoTransform>\n"
        f" <Metadata>\n{items} </Metadata>\n{bands}</VRTDataset>\n"
    )


def _band(number: int, name: str, domain: Window, sources: Sequence[tuple[str, Window]], nodata: int) -> str:
    parts = "".join(_source(number, file, window, domain) for file, window in sources)
    return (
        f' <VRTRasterBand dataType="UInt16" band="{number}">\n'
        f"  <Description>{escape(name)}</Description>\n  <NoDataValue>{nodata}</NoDataValue>\n"
        f"{parts} </VRTRasterBand>\n"
    )


def _source(number: int, file: str, window: Window, domain: Window) -> str:
    size = f'xSize="{window.width}" ySize="{window.height}"'
    return (
        f'  <SimpleSource><SourceFilename relativeToVRT="1">{escape(file)}</SourceFilename>'
        f"<SourceBand>{number}</SourceBand>"
        f'<SourceProperties RasterXSize="{window.width}" RasterYSize="{window.height}" DataType="UInt16" '
        f'BlockXSize="{TILE_WIDTH}" BlockYSize="{TILE_HEIGHT}"/>'
        f'<SrcRect xOff="0" yOff="0" {size}/>'
        f'<DstRect xOff="{window.column - domain.column}" yOff="{window.row - domain.row}" {size}/></SimpleSource>\n'
    )
