"""Images from strangers: nothing that they lead to is opened, asked for or run."""

import subprocess
import sys
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from rasterio.errors import RasterioError
from services.commands import attempt, run
from services.stac import COLLECTION, StacServer, write_item

from patchwork.core.errors import DataError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources import open_local
from patchwork.core.imagery.sources.opening import GEOTIFF, JPEG_2000, opened_image
from patchwork.core.imagery.sources.stac.source import StacSource
from patchwork.core.store.rasters import read_raster

NAME = "S2_20190405T100031.tif"
PLACE = {"crs": "EPSG:32633", "transform": Affine(10, 0, 500_000, 0, -10, 5_100_000)}
SIDE = 600
SECRET = 4242  # the numbers of the file that must not be read

# In a process of its own: GDAL may hold the interpreter's lock while it waits for an answer.
_SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.command, self.path, file=open(sys.argv[1], "a"))
        self.send_error(404)
    do_HEAD = do_GET
    def log_message(self, *values): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


class Listener:
    """An address on loopback, and the requests that came to it."""

    def __init__(self, url, log):
        self.url, self.log = url, log

    @property
    def requests(self):
        return self.log.read_text().splitlines() if self.log.exists() else []


@contextmanager
def listening(folder):
    log = folder / "requests.log"
    process = subprocess.Popen([sys.executable, "-c", _SERVER, str(log)], stdout=subprocess.PIPE, text=True)
    try:
        yield Listener(f"http://127.0.0.1:{int(process.stdout.readline())}", log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def listener(tmp_path):
    with listening(tmp_path) as one:
        yield one


def write(path, value=1500, side=SIDE, tags=None):
    """A genuine GeoTIFF of B04 and SCL."""
    path.parent.mkdir(parents=True, exist_ok=True)
    profile = {"driver": "GTiff", "width": side, "height": side, "count": 2, "dtype": "uint16", "nodata": 0}
    with rasterio.open(path, "w", **profile, **PLACE, tiled=True) as file:
        file.write(np.stack([np.full((side, side), value), np.full((side, side), 4)]).astype("uint16"))
        file.descriptions = ("B04", "SCL")
        if tags:
            file.update_tags(ns="OVERVIEWS", **tags)
    return path


def virtual(source, side=SIDE, kind="UInt16", bands=("B04", "SCL")):
    """A VRT of another file or address."""
    band = (
        '<VRTRasterBand dataType="{kind}" band="{number}"><Description>{name}</Description><SimpleSource>'
        '<SourceFilename relativeToVRT="0">{source}</SourceFilename><SourceBand>1</SourceBand></SimpleSource>'
        "</VRTRasterBand>"
    )
    inner = "".join(band.format(kind=kind, number=n, name=name, source=source) for n, name in enumerate(bands, 1))
    return (
        f'<VRTDataset rasterXSize="{side}" rasterYSize="{side}"><SRS>EPSG:32633</SRS>'
        f"<GeoTransform>500000, 10, 0, 5100000, 0, -10</GeoTransform>{inner}</VRTDataset>"
    )


def pixel_function(marker, source):
    """A VRT with a Python function that leaves a file behind."""
    return (
        f'<VRTDataset rasterXSize="{SIDE}" rasterYSize="{SIDE}"><SRS>EPSG:32633</SRS>'
        "<GeoTransform>500000, 10, 0, 5100000, 0, -10</GeoTransform>"
        '<VRTRasterBand dataType="UInt16" band="1" subClass="VRTDerivedRasterBand"><Description>B04</Description>'
        "<PixelFunctionType>touch</PixelFunctionType><PixelFunctionLanguage>Python</PixelFunctionLanguage>"
        "<PixelFunctionCode><![CDATA[\n"
        "def touch(in_ar, out_ar, *rest, **more):\n"
        f"    open({str(marker)!r}, 'w').close()\n"
        "    out_ar[:] = 7\n]]></PixelFunctionCode>"
        f"<SimpleSource><SourceFilename>{source}</SourceFilename></SimpleSource></VRTRasterBand></VRTDataset>"
    )


def make_map_steps(imagery, work, *more):
    """The scenes of the imagery on a coarser grid, where overviews and masks are of use."""
    run("splitarea", "--imagery", imagery, "--workspace", work, "--patch-count", "1x1", *more)
    run("downloadscenes", "--imagery", imagery, "--workspace", work, "--jobs", 1)
    (scene,) = (work / "scenes").rglob("*.tif")
    with rasterio.open(scene) as file:
        return file.read()


def refused(imagery):
    with pytest.raises(DataError) as raised:
        open_local("folder", imagery)
    return str(raised.value)


@pytest.mark.parametrize("name", [NAME, NAME.replace(".tif", ".TIFF")])
def test_a_virtual_raster_under_another_name_is_refused(tmp_path, name):
    other = write(tmp_path / "private" / "other.tif", SECRET)
    (tmp_path / "imagery").mkdir()
    (tmp_path / "imagery" / name).write_text(virtual(other))
    assert f"{name}: is not a raster, or is damaged; only GeoTIFF is read" in refused(tmp_path / "imagery")
    done = attempt("splitarea", "--imagery", tmp_path / "imagery", "--workspace", tmp_path / "w")
    assert done.status == 1
    assert "Traceback" not in done.said


def test_a_virtual_raster_of_an_address_asks_for_nothing(tmp_path, listener):
    (tmp_path / "imagery").mkdir()
    (tmp_path / "imagery" / NAME).write_text(virtual(f"/vsicurl/{listener.url}/scene.tif"))
    assert "is not a raster" in refused(tmp_path / "imagery")
    assert listener.requests == []


@pytest.mark.parametrize("target", ["address", "file", "header"])
def test_overviews_in_another_file_are_refused(tmp_path, listener, target):
    other = write(tmp_path / "private" / "other.tif", SECRET, side=SIDE // 4)
    links = {
        "address": f"/vsicurl/{listener.url}/overview.tif",
        "file": str(other),
        "header": f"/vsicurl?header_file={other}&url={listener.url}/overview.tif",
    }
    write(tmp_path / "imagery" / NAME, tags={"OVERVIEW_FILE": links[target]})
    assert "its overviews are in another file" in refused(tmp_path / "imagery")
    assert listener.requests == []


@pytest.mark.parametrize("to_address", [True, False], ids=["address", "file"])
@pytest.mark.parametrize("side_file", [".ovr", ".aux.xml", ".msk", ".msk.ovr"])
def test_a_file_beside_leads_nowhere(tmp_path, listener, side_file, to_address):
    other = write(tmp_path / "private" / "other.tif", SECRET, side=SIDE // 4)
    target = f"/vsicurl/{listener.url}/side.tif" if to_address else str(other)
    image = write(tmp_path / "imagery" / NAME)
    side = image.with_name(image.name + side_file)
    if side_file == ".aux.xml":
        side.write_text(
            f'<PAMDataset><Metadata domain="OVERVIEWS"><MDI key="OVERVIEW_FILE">{target}</MDI></Metadata></PAMDataset>'
        )
    else:
        size = {"side": SIDE // 4, "kind": "UInt16"} if side_file == ".ovr" else {"kind": "Byte", "bands": ("mask",)}
        side.write_text(virtual(target, **size))
    if side_file == ".msk":  # a mask that cannot be read must not be taken for none
        run("splitarea", "--imagery", tmp_path / "imagery", "--workspace", tmp_path / "w")
        done = attempt("downloadscenes", "--imagery", tmp_path / "imagery", "--workspace", tmp_path / "w", "--jobs", 1)
        assert done.status == 1
        assert f"{side.name}, the mask of the image, cannot be read" in done.said
    else:
        pixels = make_map_steps(tmp_path / "imagery", tmp_path / "w", "--resolution", 60)
        assert set(np.unique(pixels[0])) <= {0, 1500}
        assert (pixels[0] == 1500).any()
    assert listener.requests == []


@pytest.mark.parametrize("place", ["itself", ".ovr", ".msk"])
def test_no_python_of_a_virtual_raster_runs(tmp_path, monkeypatch, place):
    monkeypatch.setenv("GDAL_VRT_ENABLE_PYTHON", "YES")
    marker = tmp_path / "was-here"
    other = write(tmp_path / "other.tif")
    text = pixel_function(marker, other)
    if place == "itself":
        (tmp_path / "imagery").mkdir()
        (tmp_path / "imagery" / NAME).write_text(text)
    else:
        image = write(tmp_path / "imagery" / NAME)
        image.with_name(image.name + place).write_text(text)
    attempt("splitarea", "--imagery", tmp_path / "imagery", "--workspace", tmp_path / "w", "--resolution", 60)
    attempt("downloadscenes", "--imagery", tmp_path / "imagery", "--workspace", tmp_path / "w", "--jobs", 1)
    assert not marker.exists()


def test_declarations_beside_the_image_are_not_passed_over(tmp_path):
    """What an .aux.xml says about no data is not read, so it is asked for rather than ignored."""
    image = write(tmp_path / "imagery" / NAME)
    side = image.with_name(f"{NAME}.aux.xml")
    side.write_text('<PAMDataset><PAMRasterBand band="1"><NoDataValue>1500</NoDataValue></PAMRasterBand></PAMDataset>')
    assert f"{NAME}: {NAME}.aux.xml declares NoDataValue, but only the image itself is read" in refused(image.parent)
    side.write_text('<PAMDataset><PAMRasterBand band="1"><Metadata><MDI key="STATISTICS_MEAN">1</MDI></Metadata>'
                    "</PAMRasterBand></PAMDataset>")  # fmt: skip
    assert open_local("folder", image.parent).bands == ("B04", "SCL")


def test_images_of_products_are_jpeg_2000_and_nothing_else(tmp_path):
    image = tmp_path / "T33TWM_B04_10m.jp2"
    for text in (virtual(write(tmp_path / "other.tif", SECRET)).encode(), (tmp_path / "other.tif").read_bytes()):
        image.write_bytes(text)
        with pytest.raises(RasterioError), opened_image(image, JPEG_2000):
            pass


@pytest.mark.parametrize("attack", ["virtual raster", "overviews"])
def test_images_of_a_catalogue_lead_nowhere(tmp_path, listener, monkeypatch, attack):
    monkeypatch.setattr("patchwork.core.imagery.sources.stac.reading.FIRST_WAIT", 0.01)
    bands = {"B04": np.full((SIDE, SIDE), 1500), "SCL": np.full((SIDE, SIDE), 4)}
    place = {"crs": PLACE["crs"], "affine": PLACE["transform"]}
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", bands, **place, raster={"scale": 1e-4})
    image = tmp_path / "one" / "B04.tif"
    image.unlink()
    write(image, tags={"OVERVIEW_FILE": f"/vsicurl/{listener.url}/overview.tif"})
    if attack == "virtual raster":
        image.write_text(virtual(f"/vsicurl/{listener.url}/scene.tif"))
    with StacServer(tmp_path, [item]) as server:
        source = StacSource(server.url, (COLLECTION,))
        (found,) = source.find(date(2018, 1, 1), date(2018, 12, 31), shapely.box(-180, -90, 180, 90))
        coarse = PixelGrid("EPSG:32633", 500_000.0, 5_100_000.0, 60.0, 60.0)
        with pytest.raises(DataError, match=r"B04\.tif"):
            source.read(found, ("B04", "SCL"), coarse, Window(0, 0, 50, 50))
    assert listener.requests == []


@pytest.mark.parametrize("kind", ["scenes", "clouds"])
def test_a_workspace_of_a_stranger_leads_nowhere(tmp_path, make_imagery, kind):
    """A virtual raster in the place of one of its files is not followed."""
    make_imagery(tmp_path / "imagery", times=["20190405T100031"], bands=("B04", "B08", "SCL"))
    make_map_steps(tmp_path / "imagery", tmp_path / "w")
    run("maskclouds", "--workspace", tmp_path / "w", "--jobs", 1)
    (file,) = (tmp_path / "w" / kind).rglob("*.tif")
    copy = tmp_path / "copy.tif"
    file.rename(copy)
    file.write_text(virtual(copy))
    with pytest.raises(DataError, match="cannot be read"):
        read_raster(file)


def test_our_own_virtual_rasters_are_still_read(tmp_path, make_imagery):
    make_imagery(tmp_path / "imagery", times=["20190405T100031"], bands=("B04", "SCL"))
    make_map_steps(tmp_path / "imagery", tmp_path / "w")
    (whole,) = (tmp_path / "w" / "acquisitions").glob("*.vrt")
    with rasterio.open(whole) as file:
        assert file.driver == "VRT"
        assert file.read().any()
    with pytest.raises(RasterioError), opened_image(Path(whole), GEOTIFF):
        pass
