"""Acquisitions as layers of the whole area, and styles beside every raster of a workspace."""

import json
import re
import shutil
from datetime import datetime, timedelta
from itertools import pairwise
from types import SimpleNamespace
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given
from hypothesis import strategies as st
from rasterio.merge import merge
from services.commands import run

from patchwork.core import styles
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.store.virtual_mosaic import virtual_mosaic

TIMES = ("20190403T100031", "20190413T100031", "20190423T100031")
BANDS = ("B02", "B03", "B04", "B08", "SCL")


@pytest.fixture(scope="module")
def made(make_imagery, make_reference, tmp_path_factory):
    """A workspace of several patches, with scenes, clouds, statistics and labels, in a folder that is hard to spell."""
    folder = tmp_path_factory.mktemp("č & š")
    imagery = make_imagery(folder / "imagery", times=TIMES, bands=BANDS, shape=(36, 48))
    halves = [shapely.box(500_000 + 240 * n, 5_099_640, 500_240 + 240 * n, 5_100_000) for n in (0, 1)]
    reference = make_reference(folder / "fields.gpkg", halves, {"name": ["corn & <rye>", "water"]})
    workspace = ("--workspace", folder / "work")
    run("splitarea", *workspace, "--imagery", imagery, "--patch-size", 190)
    run("downloadscenes", *workspace, "--imagery", imagery, "--jobs", 1)
    run("maskclouds", *workspace, "--jobs", 1)
    run("observationstatistics", *workspace, "--jobs", 1)
    run("rasterizereference", *workspace, "--reference", reference, "--class-field", "name", "--jobs", 1)
    return SimpleNamespace(workspace=folder / "work", imagery=imagery)


@pytest.mark.parametrize("time", TIMES)
def test_an_acquisition_shows_its_scenes_as_one_raster(made, time):
    scenes = sorted((made.workspace / "scenes").glob(f"*/{time}.tif"))
    assert len(scenes) > 4
    stitched, transform = merge(scenes)
    with rasterio.open(made.workspace / "acquisitions" / f"{time}.vrt") as whole:
        assert whole.driver == "VRT"
        assert np.array_equal(whole.read(), stitched)
        assert (whole.transform, whole.nodata) == (transform, 0)
        with rasterio.open(scenes[0]) as scene:
            assert (whole.descriptions, whole.crs) == (scene.descriptions, scene.crs)
            assert whole.tags()["TIFFTAG_DATETIME"] == scene.tags()["TIFFTAG_DATETIME"]


def test_a_workspace_that_was_moved_still_shows_its_acquisitions(made, tmp_path):
    moved = shutil.copytree(made.workspace, tmp_path / "elsewhere")
    for scene in moved.glob(f"scenes/*/{TIMES[0]}.tif"):
        with rasterio.open(scene, "r+") as file:
            file.write(np.full(file.shape, 7, dtype=np.uint16), 1)
    with rasterio.open(moved / "acquisitions" / f"{TIMES[0]}.vrt") as whole:
        assert set(np.unique(whole.read(1))) == {7}


def test_an_acquisition_that_is_no_longer_wanted_is_no_layer(made, tmp_path):
    copied = shutil.copytree(made.workspace, tmp_path / "work")
    old = {path.name: path.stat().st_mtime_ns for path in (copied / "acquisitions").iterdir()}
    (copied / "acquisitions" / "notes.txt").touch()
    run("downloadscenes", "--workspace", copied, "--imagery", made.imagery, "--end", "2019-04-14", "--jobs", 1)
    (copied / "acquisitions" / "notes.txt").unlink()  # a person's own file stays
    new = {path.name: path.stat().st_mtime_ns for path in (copied / "acquisitions").iterdir()}
    assert sorted(new) == [f"{time}.{kind}" for time in TIMES[:2] for kind in ("qml", "vrt")]
    again = {name for name in new if new[name] != old[name]}
    assert again == {f"{TIMES[1]}.qml"}  # shown until another moment, now that it is the last


def test_every_raster_has_a_style_beside_it(made):
    rasters = [path for path in made.workspace.rglob("*") if path.suffix in (".tif", ".vrt", ".gpkg")]
    kinds = {}
    for raster in rasters:
        if raster.name == "scenes.gpkg":
            continue
        root = ElementTree.parse(raster.with_suffix(".qml")).getroot()
        renderer = root.find("pipe/rasterrenderer")
        folder = raster.relative_to(made.workspace).parts[0]
        kinds.setdefault(folder, set()).add("outline" if renderer is None else renderer.get("type"))
    assert kinds == {
        "acquisitions": {"multibandcolor"},
        "clouds": {"singlebandpseudocolor"},
        "labels": {"paletted"},
        "labels.tif": {"paletted"},
        "masks": {"paletted"},
        "mean_cloud_probability.tif": {"singlebandpseudocolor"},
        "mean_ndvi.tif": {"singlebandpseudocolor"},
        "patches.gpkg": {"outline"},
        "reference.gpkg": {"outline"},
        "scenes": {"multibandcolor"},
        "statistics": {"singlebandpseudocolor"},
        "valid_count.tif": {"singlebandpseudocolor"},
    }


def test_counts_reach_as_far_as_they_do(made):
    with rasterio.open(made.workspace / "valid_count.tif") as file:
        highest = int(file.read().max())
    for style in (made.workspace / "valid_count.qml", next((made.workspace / "statistics").glob("*.qml"))):
        items = [float(item.get("value")) for item in ElementTree.parse(style).getroot().iter("item")]
        assert (min(items), max(items)) == (0, highest)


def test_means_of_cloud_probability_reach_as_far_as_they_do(made):
    with rasterio.open(made.workspace / "mean_cloud_probability.tif") as file:
        highest = float(np.nanmax(file.read()))
    style = ElementTree.parse(made.workspace / "mean_cloud_probability.qml").getroot()
    items = [float(item.get("value")) for item in style.iter("item")]
    assert items[0] == 0
    assert max(highest, 1) <= items[-1] < max(highest, 1) + 1


def test_a_mask_has_the_colour_and_name_of_its_class(made):
    classes = json.loads((made.workspace / "records" / "rasterizereference.json").read_text(encoding="utf-8"))[
        "classes"
    ]
    for entry in classes:
        root = ElementTree.parse(made.workspace / "masks" / f"mask_{entry['id']}.qml").getroot()
        (shown,) = root.iter("paletteEntry")
        assert (shown.get("value"), shown.get("color"), shown.get("label")) == ("1", entry["colour"], entry["name"])


def test_styles_that_are_right_are_left_alone(made):
    before = {path: path.stat().st_mtime_ns for path in made.workspace.rglob("*.qml")}
    run("maskclouds", "--workspace", made.workspace, "--jobs", 1)
    run("observationstatistics", "--workspace", made.workspace, "--jobs", 1)
    assert {path: path.stat().st_mtime_ns for path in before} == before


moments = st.lists(st.datetimes(datetime(2015, 1, 1), datetime(2025, 1, 1)), min_size=1, max_size=30, unique=True)


@given(moments.map(sorted))
def test_one_scene_is_shown_at_a_time_and_none_is_left_out(times):
    times = [time.replace(microsecond=0) for time in times]
    shown = styles.shown_moments(times)
    assert [start for start, _ in shown] == times
    for (start, end), (following, _) in pairwise(shown):
        assert end == max(following - timedelta(seconds=1), start)
    assert shown[-1][1] - shown[-1][0] == timedelta(days=1, seconds=-1)


@pytest.mark.parametrize(
    ("scale", "name"),
    [(styles.CLOUD_PROBABILITY, "cividis"), (styles.CONFIDENCE, "YlGn"), (styles.count_scale(9), "viridis")],
)
def test_scales_are_those_of_the_report_and_go_from_light_to_dark_or_back(scale, name):
    known = matplotlib.colormaps[name](np.linspace(0, 1, len(scale.colours)), bytes=True)[:, :3]
    assert scale.colours == tuple(f"#{red:02x}{green:02x}{blue:02x}" for red, green, blue in known)
    steps = np.diff((known / 255.0) ** 2.2 @ (0.2126, 0.7152, 0.0722))  # luminance
    assert (np.sign(steps) == np.sign(steps[0])).all()


@pytest.mark.parametrize("crs", ["EPSG:32633", rasterio.crs.CRS.from_epsg(3035).to_wkt()])
def test_a_virtual_raster_tells_place_names_and_files_as_they_are(tmp_path, crs):
    grid, domain = PixelGrid(crs, 100.25, 7000.5, 10.0, 20.0), Window(-3, 5, 4, 6)
    text = virtual_mosaic(
        grid, domain, [("a & b/<c>.tif", Window(-3, 5, 4, 6))], ("B & <1>",), nodata=0, tags={"WHO": '"me" & <you>'}
    )
    (tmp_path / "file.vrt").write_text(text, encoding="utf-8")
    with rasterio.open(tmp_path / "file.vrt") as file:
        assert file.transform == grid.affine(domain)
        assert (file.shape, file.crs) == (domain.shape, rasterio.crs.CRS.from_user_input(crs))
        assert file.descriptions == ("B & <1>",)
        assert file.tags()["WHO"] == '"me" & <you>'
    assert re.search("<SourceFilename[^>]*>a &amp; b/&lt;c&gt;.tif<", text)
