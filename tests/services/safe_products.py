"""Sentinel-2 products, written in the structure of delivered ones."""

from __future__ import annotations

import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import rasterio
from affine import Affine
from pyproj import Transformer
from rasterio.errors import NotGeoreferencedWarning

L1C = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
PIXELS = dict.fromkeys(("B01", "B09", "B10"), 60) | dict.fromkeys(("B02", "B03", "B04", "B08"), 10)

_PRODUCT = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
  <n1:{root} xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/User_Product_Level.xsd"> <n1:General_Info><Product_Info>
  <PRODUCT_START_TIME>{start}</PRODUCT_START_TIME><PROCESSING_BASELINE>{baseline}</PROCESSING_BASELINE> <Datatake
  datatakeIdentifier="GS2A_{compact}_000000_N{baseline}"><SPACECRAFT_NAME>Sentinel-2{letter}</SPACECRAFT_NAME>
  <DATATAKE_SENSING_START>{start}</DATATAKE_SENSING_START></Datatake></Product_Info>
  <Product_Image_Characteristics>{radiometry}</Product_Image_Characteristics></n1:General_Info>
  <n1:Geometric_Info><Product_Footprint><Product_Footprint><Global_Footprint>
  <EXT_POS_LIST>{footprint}</EXT_POS_LIST></Global_Footprint></Product_Footprint></Product_Footprint></n1:Geometric_Info>
  <n1:Quality_Indicators_Info><Cloud_Coverage_Assessment>{cloud}</Cloud_Coverage_Assessment>
  </n1:Quality_Indicators_Info> </n1:{root}>
"""
_TILE = """<?xml version="1.0" encoding="UTF-8" standalone="no"?>
<n1:Level-1C_Tile_ID xmlns:n1="https://psd-14.sentinel2.eo.esa.int/PSD/S2_PDI_Level-1C_Tile_Metadata.xsd">
 <n1:Geometric_Info><Tile_Geocoding metadataLevel="Brief"><HORIZONTAL_CS_CODE>EPSG:{epsg}</HORIZONTAL_CS_CODE>
 {sizes}{corners}</Tile_Geocoding></n1:Geometric_Info>
</n1:Level-1C_Tile_ID>
"""


def write_product(
    folder: Path,
    bands: dict[str, np.ndarray],
    *,
    level: str = "L1C",
    baseline: str = "02.07",
    tile: str = "33TWM",
    start: str = "2019-07-31T10:00:31",
    letter: str = "A",
    epsg: int = 32633,
    corner: tuple[float, float] = (500_040.0, 5_100_000.0),
    cloud: float = 12.5,
    zipped: bool = False,
    old_naming: bool = False,
    without: tuple[str, ...] = (),
    made: str | None = None,
    stored: bool = False,
    b01_of_20_m: bool = False,
    by_user: bool = False,
) -> Path:
    """Write one product of one tile; `bands` are reflectance × 10000 (0 = no data), each in its own resolution.

    From baseline 04.00 on, 1000 is added to all pixels with data, and the metadata declare it. L2A has coarser copies
    of each band. `made` is the second time in the name, by which products of one tile and datatake differ. Products of
    old naming with the same start are one product: their tiles are its granules. `stored`: the bands are the numbers of
    the files, to which nothing is added. `b01_of_20_m`: L2A since baseline 04.00 has B01 in 20 m too, here as pixels
    repeated. `by_user`: L2A made by the tool Sen2Cor before 2018, which has names of its own. Every product has masks
    and auxiliary data.
    """
    compact = start.replace("-", "").replace(":", "")
    name = f"S2{letter}_MSI{level}_{compact}_N{baseline.replace('.', '')}_R122_T{tile}_{made or compact}.SAFE"
    granule = f"{level}_T{tile}_A021439_{compact}"
    if old_naming:
        name = f"S2{letter}_OPER_PRD_MSI{level}_PDMC_{compact}_R122_V{compact}_{compact}.SAFE"
        granule = f"S2{letter}_OPER_MSI_{level}_TL_EPA__{compact}_A000000_T{tile}_N{baseline}"
    if by_user:
        name = f"S2{letter}_USER_PRD_MSIL2A_PDMC_{compact}_R122_V{compact}_{compact}.SAFE"
        granule = f"S2{letter}_USER_MSI_L2A_TL_EPA__{compact}_A000000_T{tile}_N{baseline}"
    root = folder / name
    images = root / "GRANULE" / granule / "IMG_DATA"
    offset = 1000 if float(baseline) >= 4 else 0
    for band, values in bands.items():
        if band in without:
            continue
        is_changed = band != "SCL" and not stored
        numbers = np.where(values > 0, values.astype(np.int64) + offset, 0) if is_changed else values
        pixel = 20 if band == "SCL" else PIXELS.get(band, 20)
        file = images / f"T{tile}_{compact}_{band}.jp2"
        if old_naming:
            file = images / f"S2{letter}_OPER_MSI_{level}_TL_EPA__{compact}_A000000_T{tile}_{band}.jp2"
        numbers = numbers.astype(np.uint8 if band == "SCL" else np.uint16)
        for size in (10, 20, 60):
            if level == "L2A" and size >= pixel:
                copy = images / f"R{size}m" / f"T{tile}_{compact}_{band}_{size}m.jp2"
                if by_user:
                    start_of_name = f"S2{letter}_USER_MSI_L2A_TL_EPA__{compact}_A000000_T{tile}"
                    copy = copy.with_name(f"{start_of_name}_{band}_{size}m.jp2")
                    if band == "SCL":
                        copy = images / f"{start_of_name.replace('_MSI_', '_SCL_')}_{size}m.jp2"
                _write_jp2(copy, numbers[:: size // pixel, :: size // pixel], epsg, corner, size)
        if level == "L1C":
            _write_jp2(file, numbers, epsg, corner, pixel)
        if b01_of_20_m and band == "B01":
            _write_jp2(copy.parents[1] / "R20m" / f"T{tile}_{compact}_B01_20m.jp2", _finer(numbers), epsg, corner, 20)
    _write_masks(images.parent, compact, tile, epsg, corner)
    height, width = bands["B02"].shape
    product_file, tile_file = root / f"MTD_MSI{level}.xml", root / "GRANULE" / granule / "MTD_TL.xml"
    if old_naming:
        product_file = root / f"S2{letter}_OPER_MTD_SAF{level}_PDMC_{compact}.xml"
        tile_file = tile_file.with_name(f"S2{letter}_OPER_MTD_{level}_TL_EPA__{compact}.xml")
    if by_user:
        product_file = root / f"S2{letter}_USER_MTD_SAFL2A_PDMC_{compact}.xml"
        tile_file = tile_file.with_name(f"S2{letter}_USER_MTD_L2A_TL_EPA__{compact}_A000000_T{tile}.xml")
    product = {
        "root": f"Level-{level[1:]}_User_Product",
        "start": f"{start}.024Z",
        "compact": compact,
        "baseline": baseline,
        "letter": letter,
        "radiometry": _radiometry(level, offset),
        "footprint": _footprint(epsg, corner, width, height),
        "cloud": cloud,
    }
    product_file.write_text(_PRODUCT.format(**product), encoding="utf-8")
    text = _TILE.format(epsg=epsg, sizes=_sizes(width, height), corners=_corners(corner))
    tile_file.write_text(text, encoding="utf-8")
    if not zipped:
        return root
    file = root.with_suffix(".zip")
    with zipfile.ZipFile(file, "w") as packed:
        for path in sorted(root.rglob("*")):
            packed.write(path, path.relative_to(folder).as_posix())
    shutil.rmtree(root)
    return file


def _finer(numbers):
    return numbers.repeat(3, axis=0).repeat(3, axis=1)


def _write_masks(granule, compact, tile, epsg, corner):
    """Files that are no bands, with names that resemble theirs."""
    masks = np.ones((6, 6), np.uint8)
    for name in ("QI_DATA/MSK_DETFOO_B06.jp2", f"QI_DATA/T{tile}_{compact}_PVI.jp2", "QI_DATA/MSK_CLDPRB_20m.jp2"):
        _write_jp2(granule / name, masks, epsg, corner, 20)
    (granule / "QI_DATA" / "GENERAL_QUALITY.xml").write_text("<Earth_Explorer_File/>", encoding="utf-8")
    (granule / "AUX_DATA").mkdir()
    (granule / "AUX_DATA" / "AUX_ECMWFT").write_bytes(b"GRIB")


def _write_jp2(file, values, epsg, corner, pixel):
    file.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "JP2OpenJPEG", "count": 1, "height": values.shape[0], "width": values.shape[1]}
    place = {"crs": f"EPSG:{epsg}", "transform": Affine(pixel, 0, corner[0], 0, -pixel, corner[1])}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        with rasterio.open(
            file, "w", **profile, **place, dtype=values.dtype.name, QUALITY=100, REVERSIBLE="YES", YCBCR420="NO"
        ) as image:
            image.write(values, 1)


def _radiometry(level, offset):
    tag, around = ("RADIO_ADD_OFFSET", "Radiometric_Offset_List")
    special = "".join(
        f"<Special_Values><SPECIAL_VALUE_TEXT>{text}</SPECIAL_VALUE_TEXT>"
        f"<SPECIAL_VALUE_INDEX>{number}</SPECIAL_VALUE_INDEX></Special_Values>"
        for text, number in {"NODATA": 0, "SATURATED": 65535}.items()
    )
    if level == "L2A":
        tag, around = ("BOA_ADD_OFFSET", "BOA_ADD_OFFSET_VALUES_LIST")
    each = "".join(f'<{tag} band_id="{number}">-1000</{tag}>' for number in range(len(L1C)))
    offsets = f"<{around}>{each}</{around}>" if offset else ""
    if level == "L1C":
        return f'{special}<QUANTIFICATION_VALUE unit="none">10000</QUANTIFICATION_VALUE>{offsets}'
    values = '<BOA_QUANTIFICATION_VALUE unit="none">10000</BOA_QUANTIFICATION_VALUE>'
    return f"{special}<QUANTIFICATION_VALUES_LIST>{values}</QUANTIFICATION_VALUES_LIST>{offsets}"


def _footprint(epsg, corner, width, height):
    left, top = corner
    right, bottom = left + width * 10, top - height * 10
    to_degrees = Transformer.from_crs(epsg, 4326, always_xy=True)
    points = [(left, top), (right, top), (right, bottom), (left, bottom), (left, top)]
    return " ".join(
        f"{latitude:.9f} {longitude:.9f}" for longitude, latitude in (to_degrees.transform(*p) for p in points)
    )


def _sizes(width, height):
    return "".join(
        f'<Size resolution="{pixel}"><NROWS>{height * 10 // pixel}</NROWS><NCOLS>{width * 10 // pixel}</NCOLS></Size>'
        for pixel in (10, 20, 60)
    )


def _corners(corner):
    return "".join(
        f'<Geoposition resolution="{p}"><ULX>{corner[0]:.0f}</ULX><ULY>{corner[1]:.0f}</ULY></Geoposition>'
        for p in (10, 20, 60)
    )
