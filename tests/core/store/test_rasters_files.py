"""GeoTIFFs against rasterio, and files that are whole or not there."""

import errno
import json
import os
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import rasterize

from patchwork.core import system
from patchwork.core.errors import DataError, WorkspaceError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.store import rasters
from patchwork.core.store.files import read_json, remove_temporary_files, write_json, write_text, written_whole

GRID = PixelGrid("EPSG:32633", 0.0, 10_000_000.0, 10.0, 10.0)
WINDOW = Window(-7, 12, 130, 300)


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


# GeoTIFFs


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32"])
def test_a_raster_is_what_rasterio_reads(tmp_path, dtype):
    path = tmp_path / "new" / "raster.tif"
    bands = np.random.default_rng(1).integers(0, 250, (2, *WINDOW.shape)).astype(dtype)
    tags = {rasters.FINGERPRINT_TAG: "abc", "UNITS": "reflectance × 10000"}
    rasters.write_raster(path, bands, GRID, WINDOW, nodata=0, names=("B02", "B8A"), tags=tags)
    with rasterio.open(path) as file:
        np.testing.assert_array_equal(file.read(), bands)
        assert file.crs.to_epsg() == 32633
        assert tuple(file.bounds) == (120.0, 9_998_770.0, 3120.0, 10_000_070.0)
        assert file.res == (10.0, 10.0)
        assert file.descriptions == ("B02", "B8A")
        assert file.nodata == 0
        assert file.profile["tiled"]
        assert file.compression.name == "deflate"
        assert file.tags()["UNITS"] == "reflectance × 10000"
    assert rasters.read_tags(path)["UNITS"] == "reflectance × 10000"
    assert rasters.fingerprint_of(path) == "abc"
    assert names_in(path.parent) == ["raster.tif"]


def test_nan_can_be_no_data(tmp_path):
    path = tmp_path / "raster.tif"
    bands = np.full((1, *WINDOW.shape), np.nan, dtype=np.float32)
    rasters.write_raster(path, bands, GRID, WINDOW, nodata=np.nan, names=("ndvi",))
    with rasterio.open(path) as file:
        assert np.isnan(file.nodata)
    assert np.isnan(rasters.read_raster(path)).all()


def test_bands_are_read_by_name_and_in_that_order(tmp_path):
    path = tmp_path / "raster.tif"
    bands = np.arange(3 * 130 * 300, dtype=np.uint32).reshape(3, 130, 300)
    rasters.write_raster(path, bands, GRID, WINDOW, nodata=None, names=("a", "b", "c"))
    part = rasters.read_raster(path, window=Window(60, 250, 40, 50), names=["c", "a"])
    np.testing.assert_array_equal(part, bands[[2, 0], 60:100, 250:300])
    np.testing.assert_array_equal(rasters.read_raster(path), bands)
    with pytest.raises(DataError, match=r"raster\.tif has no band d; it has a, b, c"):
        rasters.read_raster(path, names=["a", "d"])


def test_the_same_raster_has_the_same_bytes(tmp_path):
    bands = np.random.default_rng(1).integers(0, 4000, (4, *WINDOW.shape)).astype(np.uint16)
    for name in ("one.tif", "two.tif"):
        rasters.write_raster(tmp_path / name, bands, GRID, WINDOW, nodata=0, names="abcd", tags={"x": "1", "y": "2"})
    assert (tmp_path / "one.tif").read_bytes() == (tmp_path / "two.tif").read_bytes()


def test_a_raster_that_is_not_whole_is_named(tmp_path):
    path = tmp_path / "raster.tif"
    bands = np.random.default_rng(1).integers(0, 4000, (4, *WINDOW.shape)).astype(np.uint16)
    rasters.write_raster(path, bands, GRID, WINDOW, nodata=0, names="abcd")
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"raster\.tif cannot be read .*Replace or delete it"):
        rasters.read_raster(path)
    path.write_text("text")
    for read in (rasters.read_raster, rasters.read_tags):
        with pytest.raises(DataError, match=r"raster\.tif cannot be read"):
            read(path)
    path.unlink()
    with pytest.raises(DataError, match=r"raster\.tif cannot be read"):
        rasters.read_raster(path)


def test_a_file_without_a_fingerprint_has_none(tmp_path):
    path = tmp_path / "raster.tif"
    assert rasters.fingerprint_of(path) is None
    path.write_text("text")
    assert rasters.fingerprint_of(path) is None
    rasters.write_raster(path, np.ones((1, *WINDOW.shape), np.uint8), GRID, WINDOW, nodata=0, names=("a",))
    assert rasters.fingerprint_of(path) is None


def test_a_full_disk_is_told_and_leaves_no_raster(small_disk):
    noise = np.random.default_rng(1).integers(0, 65_000, (8, *WINDOW.shape)).astype(np.uint16)
    with pytest.raises(WorkspaceError, match=r"raster\.tif cannot be written: the disk is full"):
        rasters.write_raster(small_disk / "raster.tif", noise, GRID, WINDOW, nodata=0, names="abcdefgh")
    assert names_in(small_disk) == []


places = st.tuples(st.floats(-20, 60, width=32), st.floats(-20, 60, width=32))
shapes = st.one_of(
    st.builds(shapely.Point, places),
    st.builds(shapely.LineString, st.lists(places, min_size=2, max_size=5, unique=True)),
    st.builds(lambda at, size: shapely.Point(at).buffer(size), places, st.floats(0.5, 25)),
    st.builds(shapely.box, *[st.integers(-10, 50)] * 4),
)


@given(st.lists(shapes, max_size=6), st.integers(-30, 30), st.integers(-30, 30))
def test_shapes_are_burnt_as_rasterio_does_with_the_later_on_top(given_shapes, row, column):
    window = Window(row, column, 37, 41)
    numbers = np.arange(1, len(given_shapes) + 1, dtype=np.uint32)
    burnt = rasters.burn(np.array([*given_shapes, None], dtype=object)[:-1], numbers, window)
    expected = np.zeros(window.shape, dtype=np.uint32)
    if given_shapes:
        aside = shapely.transform(np.array(given_shapes), lambda xy: xy + rasters._ASIDE)
        shapes_and_numbers = zip(aside, numbers, strict=True)
        rasterize(shapes_and_numbers, out=expected, transform=Affine.translation(column, row))
    np.testing.assert_array_equal(burnt, expected)


quarters = st.tuples(st.integers(0, 160), st.integers(0, 160)).map(lambda at: (at[0] / 4, at[1] / 4))


@given(
    st.lists(st.lists(quarters, min_size=3, max_size=6, unique=True).map(shapely.Polygon), min_size=1, max_size=5),
    st.integers(-7, 30),
    st.integers(-7, 30),
)
def test_edges_through_the_middle_of_pixels_fall_to_one_side_in_every_window(polygons, row, column):
    numbers = np.arange(1, len(polygons) + 1, dtype=np.uint32)
    shapes = shapely.make_valid(np.array(polygons, dtype=object), method="structure", keep_collapsed=False)
    whole, part = Window(-10, -10, 60, 60), Window(row, column, 13, 17)
    burnt = rasters.burn(shapes, numbers, part)
    np.testing.assert_array_equal(burnt, rasters.burn(shapes, numbers, whole)[whole.slices(part)])


# Whole files


def half_write(path, error):
    before = path.read_text() if path.exists() else None
    with written_whole(path) as temporary:
        temporary.write_text("half")
        assert (path.read_text() if path.exists() else None) == before
        raise error


def test_a_file_is_replaced_only_when_the_new_one_is_whole(tmp_path):
    path = tmp_path / "facts.json"
    write_json(path, {"name": "Čatež", "n": [1, 2]})
    with pytest.raises(RuntimeError):
        half_write(path, RuntimeError)
    assert read_json(path) == {"name": "Čatež", "n": [1, 2]}
    assert names_in(tmp_path) == ["facts.json"]


def test_a_file_is_renamed_and_not_copied(tmp_path):
    with written_whole(tmp_path / "facts.json") as temporary:
        temporary.write_text("whole")
        written = temporary.stat().st_ino
    assert (tmp_path / "facts.json").stat().st_ino == written


def test_a_new_file_is_not_there_when_it_fails(tmp_path):
    with pytest.raises(TypeError):
        write_json(tmp_path / "deep" / "facts.json", {"x": object()})
    with pytest.raises(KeyboardInterrupt):
        half_write(tmp_path / "deep" / "facts.json", KeyboardInterrupt)
    assert not (tmp_path / "deep").exists() or names_in(tmp_path / "deep") == []


def test_json_is_written_for_people(tmp_path):
    write_json(tmp_path / "facts.json", {"name": "Čatež"})
    assert (tmp_path / "facts.json").read_bytes() == '{\n "name": "Čatež"\n}\n'.encode()
    write_text(tmp_path / "table.csv", "a\nb\n")
    assert (tmp_path / "table.csv").read_bytes() == b"a\nb\n"


@pytest.mark.parametrize("content", [b"", b'{"format": 1', b"\xff\xfe\x00"])
def test_json_that_cannot_be_read_is_named_with_what_to_do(tmp_path, content):
    path = tmp_path / "grid.json"
    path.write_bytes(content)
    with pytest.raises(WorkspaceError, match=r"grid\.json cannot be read .*Delete it and run again"):
        read_json(path)


def test_a_missing_json_file_is_named(tmp_path):
    with pytest.raises(WorkspaceError, match=r"grid\.json cannot be read"):
        read_json(tmp_path / "grid.json")


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match=r"facts\.json cannot be written"):
        write_json(tmp_path / "file" / "facts.json", {})


def test_a_folder_without_permission_is_told(tmp_path, monkeypatch):
    def refuse(*paths):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)  # root, who may write everywhere, is told so too
    monkeypatch.setattr(system, "WAITS", (0.01, 0.01))
    with pytest.raises(WorkspaceError, match=r"no permission. Choose another folder"):
        write_json(tmp_path / "facts.json", {})
    assert names_in(tmp_path) == []


def test_a_full_disk_keeps_the_old_file(small_disk):
    write_json(small_disk / "facts.json", [1])
    with pytest.raises(WorkspaceError, match=r"the disk is full. Free some space and run again"):
        write_text(small_disk / "facts.json", "x" * 1_000_000)
    assert names_in(small_disk) == ["facts.json"]
    assert read_json(small_disk / "facts.json") == [1]


@pytest.mark.skipif(os.name == "nt", reason="needs SIGKILL")
def test_a_killed_writer_leaves_nothing_under_the_final_name(tmp_path):
    script = """
        import sys, time
        from pathlib import Path
        from patchwork.core.store.files import written_whole
        with written_whole(Path(sys.argv[1])) as temporary:
            temporary.write_text("half")
            print("written", flush=True)
            time.sleep(60)
    """
    target = tmp_path / "patch" / "scene.tif"
    arguments = [sys.executable, "-c", textwrap.dedent(script), str(target)]
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout.readline() == "written\n"
        writer.send_signal(signal.SIGKILL)
    left = names_in(target.parent)
    assert len(left) == 1
    assert left[0] != "scene.tif"
    assert not left[0].endswith(".json")
    remove_temporary_files(tmp_path)
    assert names_in(target.parent) == []


def test_sweeping_leaves_other_files_alone(tmp_path):
    kept = ["map.tif", ".lock", "part-of-something.tif", ".part"]
    for name in kept:
        (tmp_path / name).write_text(json.dumps(name))
    (tmp_path / "scenes").mkdir()
    (tmp_path / "scenes" / ".part-123-x.tif").write_text("half")
    remove_temporary_files(tmp_path)
    assert names_in(tmp_path) == sorted([*kept, "scenes"])
    assert names_in(tmp_path / "scenes") == []
