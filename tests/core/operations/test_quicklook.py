"""Small pictures of acquisitions from every source, against the pixels they are made of; none is read or paid twice."""

import csv

import numpy as np
import pytest
import rasterio
from affine import Affine
from matplotlib.image import imread
from services import ground
from services.hub import Hub
from services.safe_products import L1C, PIXELS, write_product
from services.stac import StacServer, write_folder_items

from patchwork.core.errors import ParameterError, ServiceError, WorkspaceError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.numbers import FileBand
from patchwork.core.imagery.sources.resampling import read_resampled
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.store.workspace import Workspace

TIME = "20190731T100031"
SHAPE = (24, 30)
BANDS = ("B02", "B03", "B04", "B08")


def run(name, **given):
    operation = OPERATIONS[name]
    known = {parameter for parameter in operation.parameters.__dataclass_fields__ if parameter in given}
    return execute(operation, operation.parameters.from_values({key: given[key] for key in known}), {}, Progress())


def look(workspace, time=TIME, **given):
    """The picture (y, x, 4) uint8 of an acquisition, where the acquisitions are found already."""
    file = run("quicklook", workspace=workspace, time=time, **given)["picture"]
    assert file == str(workspace / "quicklooks" / f"{time}.png")
    return np.round(imread(file) * 255).astype(np.uint8)


def found(workspace, **given):
    run("splitarea", workspace=workspace, **given)
    run("findscenes", workspace=workspace, **{"max_cloud_cover": 100, **given})
    return workspace


def values(number, band, shape):
    """Noise, with a corner that shows nothing."""
    seen = np.random.default_rng([*band.encode()]).integers(1, 4000, shape)
    seen[:5, :7] = 0
    return seen


@pytest.fixture
def folder(make_imagery, tmp_path):
    imagery = make_imagery(tmp_path / "sličice", times=[TIME], bands=BANDS, shape=SHAPE, values=values)
    return found(tmp_path / "prostor č", imagery=imagery), imagery


def test_a_picture_shows_red_green_and_blue_and_no_data_is_transparent(folder):
    workspace, imagery = folder
    picture = look(workspace, imagery=imagery)
    assert picture.shape == (*SHAPE, 4)
    expected = np.zeros(SHAPE, dtype=np.uint8) + 255
    expected[:5, :7] = 0
    np.testing.assert_array_equal(picture[..., 3], expected)
    for channel, band in enumerate(("B04", "B03", "B02")):
        assert_brightness_follows(values(0, band, SHAPE), picture[..., channel])


def assert_brightness_follows(reflectance, brightness):
    """The order of brightness is that of reflectance; two thirds of the pixels are neither black nor white."""
    order = np.argsort(reflectance, axis=None, kind="stable")
    assert (np.diff(brightness.ravel()[order].astype(int)) >= 0).all()
    assert np.mean((brightness > 0) & (brightness < 255)) > 0.66


@pytest.mark.parametrize("has_land", [True, False])
def test_a_cloudy_picture_still_shows_something_and_is_called_bright(make_imagery, tmp_path, has_land):
    def clouds(number, band, shape):
        seen = np.random.default_rng(len(band)).integers(7000, 9800, shape)
        if has_land:
            seen[: shape[0] // 2] = np.linspace(300, 2200, shape[1])
        return seen

    imagery = make_imagery(tmp_path / "imagery", times=[TIME], bands=BANDS, shape=SHAPE, values=clouds)
    workspace = found(tmp_path / "workspace", imagery=imagery)
    outputs = [run("quicklook", workspace=workspace, time=TIME, imagery=imagery) for _ in range(2)]
    assert [each["bright"] for each in outputs] == [0.5 if has_land else 1.0] * 2
    picture = look(workspace, imagery=imagery)[..., :3].astype(int)
    upper, lower = picture[: SHAPE[0] // 2], picture[SHAPE[0] // 2 :]
    assert np.ptp(upper) > 150
    assert np.median(lower) == 255 if has_land else np.mean(lower == 255) < 0.02


def test_a_large_area_is_read_at_a_coarse_grid(folder):
    workspace, imagery = folder
    assert look(workspace, imagery=imagery, size=16).shape == (12, 15, 4)


def test_a_picture_that_is_there_is_not_read_again(folder):
    workspace, imagery = folder
    first = look(workspace, imagery=imagery)
    for file in imagery.iterdir():
        file.unlink()
    np.testing.assert_array_equal(look(workspace, imagery=imagery), first)


def test_another_area_has_another_picture(folder):
    workspace, imagery = folder
    look(workspace, imagery=imagery)
    run("splitarea", workspace=workspace, imagery=imagery, area="500000,5099900,500100,5100000,EPSG:32633")
    assert look(workspace, imagery=imagery).shape == (10, 10, 4)


def test_an_unknown_time_and_other_imagery_are_told(folder, make_imagery, tmp_path):
    workspace, imagery = folder
    with pytest.raises(
        ParameterError, match=rf"\(TIME\): there is no acquisition at yesterday; .* has 1 acquisition, from {TIME}"
    ):
        look(workspace, "yesterday", imagery=imagery)
    other = make_imagery(tmp_path / "other", times=[TIME], bands=BANDS, shape=SHAPE)
    with pytest.raises(WorkspaceError, match="Choose another WORKSPACE"):
        look(workspace, imagery=other)


def test_radar_is_grey(make_imagery, tmp_path):
    def backscatter(number, band, shape):
        return np.linspace(30_000, 45_000, shape[0] * shape[1]).reshape(shape)

    imagery = make_imagery(tmp_path / "radar", times=[TIME], bands=("VH", "VV"), shape=SHAPE, values=backscatter)
    picture = look(found(tmp_path / "workspace", imagery=imagery), imagery=imagery)
    assert (picture[..., 0] == picture[..., 1]).all()
    assert (picture[..., 1] == picture[..., 2]).all()
    assert (picture[..., 3] == 255).all()
    assert picture[0, 0, 0] == 0
    assert picture[-1, -1, 0] == 255
    assert (np.diff(picture[:, 0, 0].astype(int)) >= 0).all()


def test_the_sample_region_has_pictures(tmp_path):
    workspace = found(tmp_path, source="sample", area="546000,5154000,548400,5156000,EPSG:32633")
    picture = look(workspace, "20190123T100031", source="sample", size=60)
    assert picture.shape == (51, 60, 4)  # cells that the area touches
    assert picture[..., 3].any()


def test_products_have_pictures(tmp_path):
    bands = {}
    for name in L1C:
        side = 1200 // PIXELS.get(name, 20)
        bands[name] = np.random.default_rng(len(bands)).integers(1, 3000, (side, side))
    write_product(tmp_path / "products", bands)
    given = {"source": "safe", "imagery": tmp_path / "products"}
    picture = look(found(tmp_path / "workspace", **given), **given)
    assert picture.shape == (120, 120, 4)
    assert_brightness_follows(bands["B04"][5:-5, 5:-5], picture[5:-5, 5:-5, 0])


def test_a_catalogue_has_pictures_without_a_download(realdata, tmp_path):
    items = write_folder_items(realdata / "flanders", tmp_path / "cogs", limit=3)
    with StacServer(tmp_path / "cogs", items) as server:
        with rasterio.open(next((tmp_path / "cogs").glob("*/B04.tif"))) as file:
            area = ",".join(map(str, file.bounds)) + f",{file.crs}"
        service = {"source": "stac", "service_url": server.url, "start": "2017-01-01", "end": "2019-12-31"}
        workspace = found(tmp_path / "workspace", area=area, **service)
        (time, *_) = [row["id"][-15:] for row in items]
        picture = look(workspace, time, **service)
    assert picture[..., 3].any()
    assert not (workspace / "scenes").exists()


def test_a_picture_of_a_service_is_paid_once_and_put_down(tmp_path, monkeypatch):
    with Hub(ground.products(tiles=2)) as hub:
        for name, value in hub.environment.items():
            monkeypatch.setenv(name, value)
        service = {"source": "sentinelhub", "service_url": hub.url, "start": "2019-05-01", "end": "2019-08-31"}
        workspace = found(tmp_path, area="546000,5154000,548400,5156000,EPSG:32633", **service)
        time = Workspace(workspace).catalogue.acquisitions[0].name
        with pytest.raises(ServiceError, match="The budget is used up"):
            look(workspace, time, budget=0.001, **service)
        assert hub.units_paid == 0
        picture = look(workspace, time, size=100, **service)
        paid = hub.units_paid
        assert paid == pytest.approx(80 * 67 / 512**2, rel=0.02)
        assert picture.shape == (67, 80, 4)
        np.testing.assert_array_equal(look(workspace, time, size=100, **service), picture)
        assert hub.units_paid == paid
    with open(tmp_path / "downloads.csv", encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if float(row["seconds"])]
    (row,) = [row for row in rows if not row["what"].startswith("search ")]
    assert float(row["processing_units"]) == pytest.approx(paid, abs=1e-4)


@pytest.mark.parametrize(("pixel", "overview"), [(70, False), (80, True), (160, True)])
def test_overviews_serve_where_their_pixels_are_still_much_smaller(tmp_path, pixel, overview):
    """The overviews of this file hold another number than the file, which tells where a value comes from."""
    path = tmp_path / "image.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 640, "width": 640, "dtype": "uint16", "crs": "EPSG:32633"}
    with rasterio.open(path, "w", **profile, transform=Affine(10, 0, 0, 0, -10, 6400), tiled=True) as file:
        file.write(np.full((1, 640, 640), 9, dtype=np.uint16))
        file.build_overviews([2, 4])
    with rasterio.open(path, "r+", overview_level=0) as file:
        file.write(np.full((1, 320, 320), 7, dtype=np.uint16))
    with rasterio.open(path, "r+", overview_level=1) as file:
        file.write(np.full((1, 160, 160), 5, dtype=np.uint16))
    grid = PixelGrid("EPSG:32633", 0.0, 6400.0, pixel, pixel)
    own = PixelGrid("EPSG:32633", 0.0, 6400.0, 10.0, 10.0)
    with rasterio.open(path) as file:
        found = read_resampled(file, FileBand("B04"), own, grid, Window(1, 1, 2, 2))
    assert set(found.ravel()) == {9} if not overview else {7} if pixel == 80 else {5}
