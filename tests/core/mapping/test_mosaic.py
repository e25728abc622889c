"""The mosaic: valid Cloud Optimized GeoTIFFs that hold what the patches hold."""

import json

import numpy as np
import pytest
import rasterio
import rasterio.shutil
import rasterio.windows
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from patchwork.core.errors import DataError, WorkspaceError
from patchwork.core.grid.patches import cut
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.mapping.mosaic import Mosaic, read_classes, write_mosaic
from patchwork.core.store.layout import Layout
from patchwork.core.store.rasters import fingerprint_of
from patchwork.core.vocabulary.classes import ClassScheme

GRID = PixelGrid("EPSG:32633", 0.0, 10_000_000.0, 10.0, 10.0)
SCHEME = ClassScheme.of({1: "cultivated land", 2: "forest", 200: "something else"})


def layout(domain, patches):
    return Layout(GRID, shapely.box(domain.column, domain.row, domain.right, domain.bottom), domain, patches)


def write(path, domain, pixels, *, size=100, patches=None, report=lambda fraction: None, **options):
    patches = tuple(cut(domain, size, size)) if patches is None else patches
    settings = {"dtype": pixels.dtype.name, "nodata": 0, "name": "map", "fingerprint": "abc", **options}
    mosaic = Mosaic(layout(domain, patches), **settings)
    write_mosaic(path, mosaic, lambda patch: pixels[domain.slices(patch.window)], report)
    return path


def classes(shape, ids=(0, 1, 2, 200), dtype=np.uint8):
    blocks = np.random.default_rng(4).choice(ids, (shape[0] // 5 + 1, shape[1] // 5 + 1))
    return blocks.repeat(5, axis=0).repeat(5, axis=1)[: shape[0], : shape[1]].astype(dtype)


def offsets(path):
    """Where in the file each level keeps its header and its first and last tile, from full resolution on."""
    with rasterio.open(path) as file:
        levels = [{}, *({"overview_level": n} for n in range(len(file.overviews(1))))]
    found = []
    for level in levels:
        with rasterio.open(path, **level) as file:
            spans = [
                int(file.get_tag_item(f"BLOCK_OFFSET_{x}_{y}", "TIFF", bidx=1) or 0)
                for y in range(-(-file.height // 512))
                for x in range(-(-file.width // 512))
            ]
            found.append([span for span in spans if span])
    return found


def test_a_map_is_a_cloud_optimized_geotiff(tmp_path):
    domain = Window(488_990, 50_003, 1100, 1300)
    pixels = classes(domain.shape)
    path = write(tmp_path / "new" / "map.tif", domain, pixels, size=256, classes=SCHEME)
    with rasterio.open(path) as file:
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert file.overviews(1) == [2, 4]
        assert file.block_shapes == [(512, 512)]
        assert file.compression.name == "deflate"
        assert (file.count, file.dtypes, file.nodata, file.crs.to_epsg()) == (1, ("uint8",), 0, 32633)
        assert tuple(file.bounds) == GRID.bounds(domain)
        assert file.descriptions == ("map",)
        np.testing.assert_array_equal(file.read(1), pixels)
        for level in (2, 4):  # ids of an overview are ids of the map, never means of them
            assert set(np.unique(file.read(1, out_shape=(1100 // level, 1300 // level)))) <= {0, 1, 2, 200}
    assert path.read_bytes()[:4] == b"II*\0"
    full, half, quarter = offsets(path)
    assert max(quarter) < min(half)
    assert max(half) < min(full)
    assert [file.name for file in path.parent.iterdir()] == ["map.tif"]


def test_overviews_of_whole_numbers_are_picked_and_not_averaged(tmp_path):
    domain = Window(0, 0, 1100, 1100)
    path = write(tmp_path / "mask.tif", domain, classes(domain.shape, (1, 200)))
    with rasterio.open(path, overview_level=0) as file:
        assert set(np.unique(file.read(1))) == {1, 200}


@pytest.mark.parametrize(("dtype", "nodata"), [("uint8", 255), ("float32", float("nan"))])
def test_overviews_of_measured_values_are_their_means(tmp_path, dtype, nodata):
    domain = Window(0, 0, 1100, 1100)
    pixels = np.tile(np.array([[0, 40], [80, 120]], dtype=dtype), (550, 550))
    pixels[:2, :2] = nodata
    path = write(tmp_path / "layer.tif", domain, pixels, nodata=nodata)
    with rasterio.open(path, overview_level=0) as file:
        means = file.read(1)
    np.testing.assert_array_equal(means[0, 0], np.array(nodata, dtype=dtype))
    assert (means.ravel()[1:] == 60).all()


def test_colours_and_names_travel_with_the_map(tmp_path):
    domain = Window(0, 0, 30, 40)
    path = write(tmp_path / "map.tif", domain, classes(domain.shape), classes=SCHEME)
    with rasterio.open(path) as file:
        colours = file.colormap(1)
        assert {id_: colours[id_] for id_ in (1, 2)} == {1: (255, 255, 0, 255), 2: (5, 73, 7, 255)}
        assert colours[200][:3] == SCHEME.colour_table[200]
        assert ClassScheme.from_json(json.loads(file.tags()["CLASSES"])) == SCHEME
        assert file.colorinterp[0].name == "palette"
    assert fingerprint_of(path) == "abc"


def test_ids_beyond_a_byte_have_colours_too(tmp_path):
    domain = Window(0, 0, 600, 700)
    scheme = ClassScheme.of({1200: "maize", 9120: "grass"})
    pixels = classes(domain.shape, (0, 1200, 9120), np.uint16)
    path = write(tmp_path / "map.tif", domain, pixels, classes=scheme)
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(1), pixels)
        assert file.dtypes == ("uint16",)
        assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
        assert {id_: file.colormap(1)[id_][:3] for id_ in (1200, 9120)} == scheme.colour_table


@settings(max_examples=12)
@given(
    st.builds(Window, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 70), st.integers(1, 90)),
    st.integers(5, 60),
    st.booleans(),
)
def test_the_mosaic_is_what_the_patches_are_in_whatever_order(tmp_path_factory, domain, size, backwards):
    pixels = classes(domain.shape)
    patches = cut(domain, size, size)
    path = tmp_path_factory.mktemp("mosaic") / "map.tif"
    write(path, domain, pixels, patches=tuple(reversed(patches) if backwards else patches))
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(1), pixels)


def test_the_same_patches_have_the_same_bytes(tmp_path):
    domain = Window(0, 0, 600, 520)
    pixels = classes(domain.shape)
    one = write(tmp_path / "one.tif", domain, pixels, size=97, classes=SCHEME)
    other = write(tmp_path / "other.tif", domain, pixels, size=600, classes=SCHEME)
    assert one.read_bytes() == other.read_bytes()


@pytest.mark.parametrize(("dtype", "nodata"), [("uint8", 0), ("uint8", 255), ("float32", float("nan"))])
def test_where_there_is_no_patch_there_is_no_data(tmp_path, dtype, nodata):
    domain = Window(3, 5, 530, 560)
    pixels = classes(domain.shape).astype(dtype)
    patches = tuple(cut(domain, 100, 100))[3:-2]
    path = write(tmp_path / "map.tif", domain, pixels, patches=patches, nodata=nodata)
    expected = np.full(domain.shape, nodata, dtype=dtype)
    for patch in patches:
        expected[domain.slices(patch.window)] = pixels[domain.slices(patch.window)]
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(1), expected)
        np.testing.assert_equal(file.nodata, nodata)


@pytest.mark.parametrize(
    "window", [Window(12, 23, 5, 7), Window(0, 0, 60, 70), Window(5, 15, 10, 10), Window(90, 0, 3, 3)]
)
def test_a_map_is_read_in_any_window_of_its_grid(tmp_path, window):
    domain = Window(10, 20, 30, 40)
    pixels = classes(domain.shape)
    path = write(tmp_path / "map.tif", domain, pixels, classes=SCHEME)
    around = Window(0, 0, 120, 120)
    expected = np.zeros(around.shape, dtype=np.uint8)
    expected[around.slices(domain)] = pixels
    ids, scheme = read_classes(path, GRID, window)
    np.testing.assert_array_equal(ids, expected[around.slices(window)])
    assert scheme == SCHEME


def test_a_map_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "map.tif").write_text("no raster")
    with pytest.raises(DataError, match=r"map.tif cannot be read .* Delete it and run again"):
        read_classes(tmp_path / "map.tif", GRID, Window(0, 0, 1, 1))


def test_statistics_that_others_kept_of_the_old_mosaic_go_with_it(tmp_path):
    (tmp_path / "map.tif.aux.xml").write_text("<PAMDataset/>")
    write(tmp_path / "map.tif", Window(0, 0, 30, 30), classes((30, 30)))
    assert [file.name for file in tmp_path.iterdir()] == ["map.tif"]


def test_progress_goes_up_to_the_end(tmp_path):
    told = []
    write(tmp_path / "map.tif", Window(0, 0, 30, 30), classes((30, 30)), size=10, report=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0


def test_a_patch_that_cannot_be_read_leaves_no_mosaic_and_keeps_the_old_one(tmp_path):
    domain = Window(0, 0, 30, 40)
    path = write(tmp_path / "map.tif", domain, classes(domain.shape))
    before = path.read_bytes()

    def read(patch):
        raise DataError("cut short")

    with pytest.raises(DataError, match="cut short"):
        write_mosaic(path, Mosaic(layout(domain, tuple(cut(domain, 9, 9))), "uint8", 0, "map", "new"), read)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["map.tif"]


def test_a_mosaic_that_lost_pixels_on_the_way_is_not_kept(tmp_path, monkeypatch):
    copy = rasterio.shutil.copy

    def lossy(source, target, **options):
        copy(source, target, **options)
        with rasterio.open(target, "r+", IGNORE_COG_LAYOUT_BREAK="YES") as file:
            file.write(np.zeros((1, 3, 3), np.uint8), window=rasterio.windows.Window(5, 5, 3, 3))

    monkeypatch.setattr(rasterio.shutil, "copy", lossy)
    with pytest.raises(WorkspaceError, match=r"map\.tif was not written completely"):
        write(tmp_path / "map.tif", Window(0, 0, 30, 30), np.full((30, 30), 7, np.uint8))
    assert list(tmp_path.iterdir()) == []


def write_noise(folder, room):
    """A map that does not compress, on a small disk with so much room."""
    (folder / "ballast").write_bytes(bytes(300_000 - room))
    domain = Window(0, 0, 512, 512)
    write(folder / "map.tif", domain, np.random.default_rng(1).integers(1, 250, domain.shape).astype(np.uint8))


@pytest.mark.parametrize("room", [10_000, 60_000, 200_000, 280_000])
def test_a_full_disk_is_told_and_leaves_no_mosaic(small_disk, room):
    with pytest.raises(WorkspaceError, match=r"[Dd]isk"):
        write_noise(small_disk, room)
    assert [file.name for file in small_disk.iterdir()] == ["ballast"]
