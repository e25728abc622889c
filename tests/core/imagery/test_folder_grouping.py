"""Which files of a folder belong together: passes, processings, copies and hidden files."""

import shutil

import numpy as np
import pytest
import rasterio

from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources import open_local
from patchwork.core.imagery.sources.folder.source import FolderSource

SENSED = "20170731T100031"
SHAPE = (4, 6)
CORNER = (500_000.0, 5_100_000.0)


@pytest.fixture
def add(make_imagery, tmp_path):
    """`add("name", 100)` writes a file of that value; `east` moves it by that many pixels."""

    def write(name, value, *, east=0, **more):
        corner = (CORNER[0] + 10.0 * east, CORNER[1])
        given = {"bands": ("B04",), "shape": SHAPE, "values": value, "corner": corner, "prefix": "new", **more}
        make_imagery(tmp_path, times=["x"], **given)
        return (tmp_path / "new_x.tif").rename(tmp_path / f"{name}.tif")

    return write


def test_a_file_under_two_times_is_told(add, tmp_path):
    add("S2_20170731T100031", 100)
    add("S2_20170815T100031", 200)
    shutil.copy(tmp_path / "S2_20170731T100031.tif", tmp_path / "S2_20170820T100031.tif")
    (note,) = opened(tmp_path)[0].notes
    assert "S2_20170820T100031.tif (S2_20170731T100031.tif)" in note
    assert "another time" in note


def opened(folder):
    """The source, and the names of its acquisitions."""
    source = FolderSource.open(folder)
    return source, [item.name for item in source.find(None, None, source.extent)]


def pixels(source, number=0, width=SHAPE[1]):
    item = source.find(None, None, source.extent)[number]
    return source.read(item, source.bands, source.grid, Window(0, 0, SHAPE[0], width))[0]


def columns(source, **more):
    return pixels(source, **more)[0].tolist()


# Passes


def test_overlapping_tiles_seconds_apart_are_one_acquisition(add, tmp_path):
    add("a_20170731T100031", 100)
    add("b_20170731T100032", 200, east=3)
    add("c_20170731T100050", 300, east=8)
    add("d_20170803T100031", 400)
    source, names = opened(tmp_path)
    assert names == [SENSED, "20170803T100031"]
    assert columns(source, width=14) == [100] * 6 + [200] * 3 + [300] * 5
    assert source.notes == ()


@pytest.mark.parametrize("other", ["20170731T100231", "20170731T114031"])
def test_passes_minutes_apart_stay_apart(add, tmp_path, other):
    add(f"S2_{SENSED}", 100)
    add(f"S2_{other}", 200)
    assert opened(tmp_path)[1] == [SENSED, other]


def test_two_satellites_in_the_same_minute_are_two_passes(add, tmp_path):
    add("S2A_20170731T100031", 100)
    add("S2C_20170731T100101", 200)
    assert opened(tmp_path)[1] == [SENSED, "20170731T100101"]


def test_a_file_without_a_satellite_in_its_name_belongs_to_the_pass_of_that_time(add, tmp_path):
    add(f"S2A_MSIL2A_{SENSED}_N0205_R122_T33TWM_20170805T120000", 100)
    add("T33TXM_20170731T100035", 200, east=3)
    add("S2_x_20170731T100020", 300, east=6)
    assert opened(tmp_path)[1] == ["20170731T100020"]


def test_products_of_two_levels_are_refused(add, tmp_path):
    for level in ("L1C", "L2A"):
        add(f"S2A_MSI{level}_{SENSED}_N0500_R122_T33TWM_20220101T000000", 100)
    with pytest.raises(DataError, match=r"The folder has products of L1 and L2. Move each level to its own folder"):
        opened(tmp_path)


def test_the_sensing_time_of_a_product_is_taken_and_two_years_stay_two(add, tmp_path):
    add(f"S2A_MSIL2A_{SENSED}_N0205_R122_T33TWM_20190805T120000", 100)
    add("S2B_MSIL2A_20180730T100029_N0208_R122_T33TWM_20190805T120500", 200)
    assert opened(tmp_path)[1] == [SENSED, "20180730T100029"]


# Processings


@pytest.mark.parametrize(
    ("old", "new", "time"),
    [
        (
            f"S2A_MSIL2A_{SENSED}_N0205_R122_T33TWM_20230101T000000",
            f"S2A_MSIL2A_{SENSED}_N0500_R122_T33TWM_20220101T000000",
            SENSED,
        ),
        (
            "LC08_L2SP_190028_20170731_20200829_01_T1",
            "LC08_L2SP_190028_20170731_20190101_02_T1",
            "20170731T000000",
        ),
    ],
)
def test_the_newest_baseline_replaces_older_ones(add, tmp_path, old, new, time):
    add(old, 100)
    fresh = add(new, 200)
    with rasterio.open(fresh, "r+") as file:
        file.write(np.zeros((2, SHAPE[1]), dtype=np.uint16), 1, window=((0, 2), (0, SHAPE[1])))
    source, names = opened(tmp_path)
    assert names == [time]
    np.testing.assert_array_equal(pixels(source), np.repeat([[0], [0], [200], [200]], 6, axis=1))
    assert source.notes == (f"1 file is replaced by a newer processing: {old}.tif ({new}.tif).",)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("S2A_33TWM_20170731_0_L2A", "S2A_33TWM_20170731_1_L2A"),
        (
            f"S2A_MSIL2A_{SENSED}_N0500_R122_T33TWM_20220101T000000",
            f"S2A_MSIL2A_{SENSED}_N0500_R122_T33TWM_20230101T000000",
        ),
        (f"{SENSED}_20180101T000000_T33TWM", f"{SENSED}_20230101T000000_T33TWM"),
    ],
)
def test_of_one_baseline_the_last_processing_comes_first(add, tmp_path, old, new):
    """Of a tile that was downlinked in two strips each file holds a part, so that both are used."""
    add(old, 100)
    fresh = add(new, 200)
    with rasterio.open(fresh, "r+") as file:
        file.write(np.zeros((2, SHAPE[1]), dtype=np.uint16), 1, window=((0, 2), (0, SHAPE[1])))
    source, names = opened(tmp_path)
    assert len(names) == 1
    np.testing.assert_array_equal(pixels(source), np.repeat([[100], [100], [200], [200]], 6, axis=1))
    (note,) = source.notes
    assert note == f"1 file is only used where a newer processing has no data: {old}.tif ({new}.tif)."


def test_an_older_file_is_used_where_the_newer_one_does_not_reach(add, tmp_path):
    add(f"S2A_MSIL2A_{SENSED}_N0205_R122_T33TWM_20170801T000000", 100)
    add(f"S2A_MSIL2A_{SENSED}_N0500_R122_T33TWM_20220101T000000", 200, east=3)
    source, _ = opened(tmp_path)
    assert columns(source, width=9) == [100] * 3 + [200] * 6


# Copies and hidden files


@pytest.mark.parametrize(
    "copy",
    ["S2_{} (1).tif", "S2_{} - Copy.tif", "Copy of S2_{}.tif", "Kopie von S2_{}.tif", "S2_{}.tiff", "T33_{}.tif"],
)
def test_a_copy_is_skipped_and_named(add, tmp_path, copy):
    original = add(f"S2_{SENSED}", 100)
    shutil.copy(original, tmp_path / copy.format(SENSED))
    source, names = opened(tmp_path)
    assert names == [SENSED]
    assert [len(files) for files in source.files.values()] == [1]
    (note,) = source.notes
    assert note.startswith("1 copy of another file is skipped: ")
    assert copy.format(SENSED) in note


def test_a_copy_of_a_product_is_no_second_pass(add, tmp_path):
    name = f"S2A_MSIL2A_{SENSED}_N0205_R122_T33TWM_20170801T000000"
    shutil.copy(add(name, 100), tmp_path / f"Copy of {name}.tif")
    assert opened(tmp_path)[1] == [SENSED]


@pytest.mark.parametrize("copy", ["S2_{} (1)", "S2_{} - Copy", "Copy of S2_{}", "S2_{}_new"])
def test_a_copy_with_other_content_is_refused(add, tmp_path, copy):
    add(f"S2_{SENSED}", 100)
    add(copy.format(SENSED), 200)
    with pytest.raises(DataError, match=r"tif: seems to be a copy of S2_.*\.tif with other content. Remove one"):
        opened(tmp_path)


def test_a_file_whose_original_is_elsewhere_is_used(add, tmp_path):
    add(f"S2_{SENSED} (1)", 100)
    assert opened(tmp_path)[1] == [SENSED]


@pytest.mark.parametrize("name", ["._S2_{}.tif", ".S2_{}.tif", ".part-77-S2_{}.tif", "~S2_{}.tif", "~$S2_{}.tif"])
def test_hidden_files_are_skipped(add, tmp_path, name):
    add(f"S2_{SENSED}", 100)
    (tmp_path / name.format("20180101T000000")).write_bytes(b"\0\5\26\7 no raster")
    (tmp_path / "Thumbs.db").write_bytes(b"")
    assert opened(tmp_path)[1] == [SENSED]


# Bands


def test_bands_of_usual_names_are_read_as_those_of_sentinel_2(add, tmp_path):
    values = np.broadcast_to(np.array([1, 2, 3, 4])[:, None, None], (4, *SHAPE))
    add(f"S2_{SENSED}", [values], bands=("blue", "green", "red", "nir"))
    source, _ = opened(tmp_path)
    assert source.bands == ("B02", "B03", "B04", "B08")
    (item,) = source.find(None, None, source.extent)
    read = source.read(item, ("B08", "B02"), source.grid, Window(0, 0, 1, 1))
    assert read.ravel().tolist() == [4, 1]


def test_names_given_by_hand_are_used_and_change_the_identity(add, tmp_path):
    add(f"S2_{SENSED}", 100, bands=("", ""))
    with pytest.raises(DataError, match=r"its bands have no names.*BAND_NAMES"):
        open_local("folder", tmp_path)
    one, other = (open_local("folder", tmp_path, names) for names in (("B4", "nir"), ("B08", "B04")))
    assert (one.bands, other.bands) == (("B04", "B08"), ("B08", "B04"))
    assert one.find(None, None, one.extent)[0].identity != other.find(None, None, one.extent)[0].identity
    with pytest.raises(DataError, match="has 2 bands, but BAND_NAMES has 1 name"):
        open_local("folder", tmp_path, ("B04",))
    with pytest.raises(ParameterError, match=r"\(BAND_NAMES\): several bands are B08"):
        open_local("folder", tmp_path, ("nir", "B8"))


@pytest.mark.parametrize("name", [f"T33TWM_{SENSED}_B04", f"T33TWM_{SENSED}_SCL_20m", "LC08_190028_20170731_SR_B4"])
def test_one_file_for_each_band_is_refused(add, tmp_path, name):
    add(name, 100)
    with pytest.raises(DataError, match=r"alone. One file for each band is not supported"):
        opened(tmp_path)
