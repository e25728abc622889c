"""The workspace: what it remembers, what it notices, who may hold it, and reading across patches."""

import os
import signal
import subprocess
import sys
import textwrap
from dataclasses import replace
from datetime import date, datetime, timezone
from functools import partial

import numpy as np
import pyogrio
import pytest
import shapely
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from rasterio.features import rasterize

from patchwork.core.clouds.masks import CloudMasks
from patchwork.core.clouds.settings import CloudRecord, CloudSettings
from patchwork.core.errors import MissingStepError, WorkspaceError
from patchwork.core.grid.patches import cut
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.scenes import scene_fingerprint
from patchwork.core.learning.observations import read_observations
from patchwork.core.learning.records import SampleRecord
from patchwork.core.store.acquisitions import Acquisition, Catalogue
from patchwork.core.store.fingerprints import fingerprint
from patchwork.core.store.layout import Layout
from patchwork.core.store.lock import held
from patchwork.core.store.rasters import write_raster
from patchwork.core.store.reading import read_cloud_mask, read_clouds, read_scene
from patchwork.core.store.records import RunRecord
from patchwork.core.store.workspace import Workspace

GRID = PixelGrid("EPSG:32633", 0.0, 10_000_000.0, 10.0, 10.0)
DOMAIN = Window(488_995, 50_007, 23, 31)
BANDS = ("B02", "B04", "B08")


def utc(*numbers):
    return datetime(*numbers, tzinfo=timezone.utc)


def acquisition(time, identity, **facts):
    ground = shapely.box(*GRID.bounds(DOMAIN))
    return Acquisition(time, identity, (*BANDS, "SCL"), ground, **facts)


ACQUISITIONS = (
    acquisition(utc(2019, 1, 5, 10, 0, 31), "one", coverage=1.0, cloud_cover=0.25),
    acquisition(utc(2019, 2, 14, 10, 0, 30), "two"),
    acquisition(utc(2019, 3, 26, 10, 0, 31), "three", coverage=0.5, facts={"tiles": ["one"]}),
)


def layout(*, domain=DOMAIN, size=10, area=None, grid=GRID):
    area = area or shapely.box(domain.column, domain.row, domain.right, domain.bottom)
    return Layout(grid, area, domain, tuple(cut(domain, size, size)))


def cloud_record(**settings):
    return CloudRecord(CloudSettings("auto", {"scl": settings}))


def workspace(folder, *, reach=3, acquisitions=ACQUISITIONS, settings=None, **options):
    made = Workspace(folder)
    made.write_layout(layout(**options))
    made.write_catalogue(Catalogue("folder", "/imagery", acquisitions))
    made.write(cloud_record(reach=reach, **(settings or {})))
    return made


def filled(folder, **options):
    """A workspace with noise for scenes and masks, and the same noise over the whole domain."""
    made = workspace(folder, **options)
    rng = np.random.default_rng(7)
    scenes = rng.integers(1, 10_000, (len(ACQUISITIONS), len(BANDS), *DOMAIN.shape)).astype(np.uint16)
    masks = rng.choice([0, 0, 1, 255], (len(ACQUISITIONS), *DOMAIN.shape)).astype(np.uint8)
    for patch in made.layout.patches:
        where = DOMAIN.slices(patch.window)
        for acquisition, scene, mask in zip(ACQUISITIONS, scenes, masks, strict=True):
            own = (GRID, patch.window)
            write_raster(
                made.paths.scene(patch, acquisition), scene[(slice(None), *where)], *own, nodata=0, names=BANDS
            )
            clouds = np.stack([mask[where], mask[where]])
            write_raster(made.paths.cloud(patch, acquisition), clouds, *own, nodata=255, names=("probability", "mask"))
    return made, scenes, masks


# What it remembers


def test_the_layout_comes_back(tmp_path):
    area = shapely.Polygon([(50_007.3, 488_995.1), (50_038, 488_996), (50_020.25, 489_017.9)])
    made = layout(area=area, grid=PixelGrid("EPSG:32633", 465_181.05, 5_079_244.89, 9.9948, 9.9974))
    Workspace(tmp_path).write_layout(made)
    found = Workspace(tmp_path).layout
    assert (found.grid, found.domain, found.patches) == (made.grid, made.domain, made.patches)
    assert found.area.equals_exact(made.area)
    assert dict(found.patch_fingerprints) == dict(made.patch_fingerprints)


def test_the_patches_are_a_layer_on_the_grid(tmp_path):
    Workspace(tmp_path).write_layout(layout())
    meta, _, wkb, columns = pyogrio.raw.read(tmp_path / "patches.gpkg")
    assert meta["crs"] == "EPSG:32633"
    ids = dict(zip(meta["fields"], columns, strict=True))["id"].tolist()
    assert ids == [patch.id for patch in layout().patches]
    union = shapely.union_all(shapely.from_wkb(wkb))
    assert union.equals(shapely.box(*GRID.bounds(DOMAIN)))


def test_a_layout_that_is_written_again_is_read_again(tmp_path):
    made = workspace(tmp_path)
    assert len(made.layout.patches) == 12
    assert len(CloudMasks.of(made).neighbours(made.layout.patches[0], ACQUISITIONS[0])) == 4
    made.write_layout(layout(size=10**6))
    (patch,) = made.layout.patches
    assert CloudMasks.of(made).neighbours(patch, ACQUISITIONS[0]) == [patch]


def test_cloud_settings_that_are_written_again_are_read_again(tmp_path):
    made = workspace(tmp_path)
    patch = made.layout.patches[0]
    assert len(CloudMasks.of(made).neighbours(patch, ACQUISITIONS[0])) == 4
    made.write(cloud_record(reach=0))
    assert CloudMasks.of(made).neighbours(patch, ACQUISITIONS[0]) == [patch]


def test_the_catalogue_comes_back(tmp_path):
    made = Catalogue("folder", "/some/Ordner mit Ü", ACQUISITIONS, date(2019, 1, 1), cell_factor=6)
    Workspace(tmp_path).write_catalogue(made)
    assert Workspace(tmp_path).catalogue == made
    assert [item.name for item in ACQUISITIONS] == ["20190105T100031", "20190214T100030", "20190326T100031"]


def test_records_come_back(tmp_path):
    made = Workspace(tmp_path)
    assert made.find(RunRecord) is None
    record = RunRecord({"class_field": "Größe", "jobs": 3}, {"numpy": "2.0"}, {"Splitting the area": 0.5})
    made.write(record)
    assert Workspace(tmp_path).find(RunRecord) == Workspace(tmp_path).read(RunRecord) == record
    made.forget(RunRecord)
    assert Workspace(tmp_path).find(RunRecord) is None


def test_a_record_of_something_else_is_named(tmp_path):
    made = workspace(tmp_path)
    made.paths.record("maskclouds").write_text('{"settings": {}}')
    with pytest.raises(WorkspaceError, match=r"maskclouds\.json is not a record of maskclouds .* Delete it"):
        made.read(CloudRecord)


@pytest.mark.parametrize(
    ("ask", "step"),
    [
        (lambda made: made.layout, "splitarea"),
        (lambda made: made.catalogue, "findscenes"),
        (lambda made: made.read(SampleRecord), "drawsamples"),
    ],
)
def test_what_is_not_there_yet_names_the_step_to_run(tmp_path, ask, step):
    with pytest.raises(MissingStepError, match=f"run {step} first"):
        ask(Workspace(tmp_path))


def test_missing_scenes_and_clouds_name_the_step_to_run(tmp_path):
    made = workspace(tmp_path)
    patch, acquisition = made.layout.patches[0], ACQUISITIONS[0]
    with pytest.raises(MissingStepError, match=r"scenes/.*20190105T100031\.tif yet: run downloadscenes first"):
        read_scene(made, acquisition, patch.window, ["B02"])
    with pytest.raises(MissingStepError, match="run maskclouds first"):
        read_clouds(made, patch, acquisition)
    with pytest.raises(MissingStepError, match="run maskclouds first"):
        read_observations(made, patch, patch.window, ["B02"], 1)


def test_another_format_is_refused(tmp_path):
    made = workspace(tmp_path)
    file = tmp_path / "grid.json"
    file.write_text(file.read_text().replace('"format": 1', '"format": 2'))
    with pytest.raises(WorkspaceError, match="made by another version"):
        Workspace(made.folder).layout  # noqa: B018


@pytest.mark.parametrize(
    ("file", "ask"),
    [
        ("grid.json", lambda made: made.layout),
        ("scenes.json", lambda made: made.catalogue),
        ("records/maskclouds.json", lambda made: made.read(CloudRecord)),
    ],
)
def test_files_that_were_damaged_are_named(tmp_path, file, ask):
    workspace(tmp_path)
    (tmp_path / file).write_text("{")
    with pytest.raises(WorkspaceError, match=f"{file} cannot be read"):
        ask(Workspace(tmp_path))


# The area


triangles = st.lists(st.tuples(st.floats(0, 31), st.floats(0, 23)), min_size=3, max_size=6).map(
    lambda points: shapely.MultiPoint(points).convex_hull
)


@given(triangles.filter(lambda shape: shape.area > 1), st.integers(1, 25))
def test_the_mask_of_the_area_is_the_same_in_whatever_patches(shape, size):
    area = shapely.transform(shape, lambda xy: xy + np.array([DOMAIN.column, DOMAIN.row]))
    made = layout(area=area, size=size)
    mask = np.zeros(DOMAIN.shape, dtype=bool)
    for patch in made.patches:
        mask[DOMAIN.slices(patch.window)] = made.area_mask(patch.window)
    expected = rasterize([shape], DOMAIN.shape, transform=Affine.identity())
    np.testing.assert_array_equal(mask, expected)


# Fingerprints

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=6,
)


@given(values, values)
def test_equal_values_have_equal_fingerprints_and_others_have_not(one, other):
    assert fingerprint(one) == fingerprint(one)
    if one != other:
        assert fingerprint(one) != fingerprint(other)


def test_the_order_of_a_mapping_does_not_count_but_that_of_a_list_does():
    assert fingerprint({"a": 1, "b": 2}) == fingerprint({"b": 2, "a": 1})
    assert fingerprint((1, 2)) == fingerprint([1, 2]) != fingerprint([2, 1])
    assert fingerprint("ab", "c") != fingerprint("a", "bc")


def fingerprint_of(made, kind):
    if kind == "scene":
        return partial(scene_fingerprint, made.layout)
    return CloudMasks.of(made).fingerprint


def prints(made, kind):
    method = fingerprint_of(made, kind)
    return {(patch.id, item.name): method(patch, item) for patch in made.layout.patches for item in ACQUISITIONS}


def changed(before, after):
    return {key for key in before if before[key] != after.get(key)}


@pytest.mark.parametrize("kind", ["scene", "cloud"])
def test_fingerprints_are_the_same_in_another_folder_and_another_process(tmp_path, kind):
    one, other = workspace(tmp_path / "one"), workspace(tmp_path / "other")
    assert prints(one, kind) == prints(other, kind)
    assert len(set(prints(one, kind).values())) == len(prints(one, kind))


@pytest.mark.parametrize("kind", ["scene", "cloud"])
def test_new_pixels_of_one_acquisition_change_its_files_alone(tmp_path, kind):
    new = (ACQUISITIONS[0], replace(ACQUISITIONS[1], identity="2"), ACQUISITIONS[2])
    one, other = workspace(tmp_path / "one"), workspace(tmp_path / "other", acquisitions=new)
    before = prints(one, kind)
    method = fingerprint_of(other, kind)
    after = {
        (patch.id, old.name): method(patch, item)
        for patch in other.layout.patches
        for old, item in zip(ACQUISITIONS, new, strict=True)
    }
    assert changed(before, after) == {(patch.id, ACQUISITIONS[1].name) for patch in one.layout.patches}


@pytest.mark.parametrize("kind", ["scene", "cloud"])
def test_what_a_catalogue_tells_beside_the_pixels_changes_nothing(tmp_path, kind):
    made = workspace(tmp_path)
    method = fingerprint_of(made, kind)
    patch = made.layout.patches[0]
    told = replace(ACQUISITIONS[0], coverage=0.1, cloud_cover=0.9)
    assert method(patch, told) == method(patch, ACQUISITIONS[0])


def test_an_area_that_loses_a_corner_changes_the_scenes_there_and_the_clouds_within_reach(tmp_path):
    corner = shapely.box(DOMAIN.column, DOMAIN.row, DOMAIN.column + 1, DOMAIN.row + 1)
    whole = shapely.box(DOMAIN.column, DOMAIN.row, DOMAIN.right, DOMAIN.bottom)
    first = layout().patches[0]
    for reach in (0, 1, 4):
        one = workspace(tmp_path / f"one{reach}", reach=reach)
        other = workspace(tmp_path / f"other{reach}", reach=reach, area=whole.difference(corner))
        assert {id_ for id_, _ in changed(prints(one, "scene"), prints(other, "scene"))} == {first.id}
        near = {p.id for p in one.layout.patches if not p.window.expanded(reach).intersection(first.window).is_empty}
        assert {id_ for id_, _ in changed(prints(one, "cloud"), prints(other, "cloud"))} == near
        assert (len(near) == 1) == (reach == 0)


def test_other_pixels_change_every_scene(tmp_path):
    one = workspace(tmp_path / "one")
    for number, grid in enumerate((replace(GRID, left=1.0), replace(GRID, crs="EPSG:32632"), replace(GRID, top=0.0))):
        other = workspace(tmp_path / f"other{number}", grid=grid)
        assert changed(prints(one, "scene"), prints(other, "scene")) == set(prints(one, "scene"))


def test_an_area_that_grows_keeps_the_scenes_of_whole_patches(tmp_path):
    domain = Window(489_000, 50_010, 20, 20)
    one = workspace(tmp_path / "one", domain=domain)
    other = workspace(tmp_path / "other", domain=Window(489_000, 50_010, 40, 50))
    assert changed(prints(one, "scene"), prints(other, "scene")) == set()
    assert changed(prints(one, "cloud"), prints(other, "cloud")) != set()


def test_cloud_settings_change_clouds_and_not_scenes(tmp_path):
    one = workspace(tmp_path / "one", settings={"threshold": 0.4})
    other = workspace(tmp_path / "other", settings={"threshold": 0.5})
    assert changed(prints(one, "scene"), prints(other, "scene")) == set()
    assert changed(prints(one, "cloud"), prints(other, "cloud")) == set(prints(one, "cloud"))


def test_the_clouds_of_a_patch_together_change_with_any_of_them(tmp_path):
    one = workspace(tmp_path / "one")
    fewer = workspace(tmp_path / "fewer", acquisitions=ACQUISITIONS[:2])
    same = workspace(tmp_path / "same")
    patch = one.layout.patches[0]
    own, alike, other = (CloudMasks.of(made).patch_fingerprint(patch) for made in (one, same, fewer))
    assert own == alike != other


# Reading across patches


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    return filled(tmp_path_factory.mktemp("noise"))


@given(
    st.builds(
        Window, st.integers(488_985, 489_020), st.integers(50_000, 50_040), st.integers(1, 30), st.integers(1, 30)
    )
)
def test_any_window_is_the_crop_of_the_whole(noise, window):
    made, scenes, masks = noise
    around = window.intersection(DOMAIN)
    scene = np.zeros((2, *window.shape), dtype=np.uint16)
    mask = np.full(window.shape, 255, dtype=np.uint8)
    if not around.is_empty:
        scene[(slice(None), *window.slices(around))] = scenes[1][[2, 0]][(slice(None), *DOMAIN.slices(around))]
        mask[window.slices(around)] = masks[1][DOMAIN.slices(around)]
    np.testing.assert_array_equal(read_scene(made, ACQUISITIONS[1], window, ["B08", "B02"]), scene)
    np.testing.assert_array_equal(read_cloud_mask(made, ACQUISITIONS[1], window), mask)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_series_holds_the_observations_of_a_window(noise, threads):
    made, scenes, masks = noise
    patch = made.layout.patches[5]
    window = Window(patch.window.row + 2, patch.window.column + 1, 5, 7)
    (seen,) = read_observations(made, patch, window, ["B04", "B02"], threads)
    stack, valid, times = seen.stack, seen.valid, list(seen.times)
    assert seen.bands == ("B04", "B02")
    rows, columns = DOMAIN.slices(window)
    np.testing.assert_array_equal(valid, (masks[:, rows, columns] == 0).reshape(3, -1))
    np.testing.assert_array_equal(stack, scenes[:, [1, 0], rows, columns].reshape(3, 2, -1))
    assert times == [item.time for item in ACQUISITIONS]


def test_acquisitions_that_have_the_same_of_the_bands_make_one_series(tmp_path):
    made, scenes, masks = filled(tmp_path, size=10**6)
    (patch,) = made.layout.patches
    landsat, radar, fog = ACQUISITIONS[0], ACQUISITIONS[1], ACQUISITIONS[2]
    items = (replace(landsat, bands=(*BANDS, "QA")), replace(radar, bands=("VV",)), fog)
    made.write_catalogue(replace(made.catalogue, acquisitions=items))
    backscatter = np.full((1, *DOMAIN.shape), 38_000, dtype=np.uint16)
    write_raster(made.paths.scene(patch, radar), backscatter, GRID, DOMAIN, nodata=0, names=("VV",))
    optical, other = read_observations(made, patch, DOMAIN, ["VV", "B08", "B02"], 1)
    assert (optical.bands, optical.times) == (("B08", "B02"), (landsat.time, fog.time))
    np.testing.assert_array_equal(optical.stack, scenes[[0, 2]][:, [2, 0]].reshape(2, 2, -1))
    np.testing.assert_array_equal(optical.valid, (masks[[0, 2]] == 0).reshape(2, -1))
    assert (other.bands, other.times) == (("VV",), (radar.time,))
    np.testing.assert_array_equal(other.stack, np.full((1, 1, 23 * 31), 38_000))
    np.testing.assert_array_equal(other.valid, (masks[[1]] == 0).reshape(1, -1))
    (alone,) = read_observations(made, patch, DOMAIN, ["B04"], 1)
    assert alone.times == (landsat.time, fog.time)


def test_an_index_needs_one_acquisition_with_all_its_bands(tmp_path):
    made = workspace(tmp_path)
    assert made.catalogue.has("NDVI")
    assert made.catalogue.has("B02")
    assert not made.catalogue.has("NDMI")
    items = (replace(ACQUISITIONS[0], bands=("B04",)), replace(ACQUISITIONS[1], bands=("B08",)))
    apart = replace(made.catalogue, acquisitions=items)
    assert apart.bands == ("B04", "B08")
    assert not apart.has("NDVI")


def test_acquisitions_without_a_valid_pixel_are_left_out_of_a_series(tmp_path):
    made, _, _ = filled(tmp_path, size=10**6)
    (patch,) = made.layout.patches
    covered = np.ones((2, *DOMAIN.shape), dtype=np.uint8)
    write_raster(
        made.paths.cloud(patch, ACQUISITIONS[1]), covered, GRID, DOMAIN, nodata=255, names=("probability", "mask")
    )
    (seen,) = read_observations(made, patch, DOMAIN, ["B02"], 1)
    times = list(seen.times)
    assert times == [ACQUISITIONS[0].time, ACQUISITIONS[2].time]
    for acquisition in ACQUISITIONS:
        write_raster(
            made.paths.cloud(patch, acquisition), covered, GRID, DOMAIN, nodata=255, names=("probability", "mask")
        )
    (seen,) = read_observations(made, patch, DOMAIN, ["B02"], 1)
    stack, valid, times = seen.stack, seen.valid, list(seen.times)
    assert (stack.shape, valid.shape, times) == ((0, 1, 23 * 31), (0, 23 * 31), [])


# Holding it

HOLDER = """
    import sys, time
    from pathlib import Path
    from patchwork.core.store.lock import held
    with held(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(60)
"""


def test_a_workspace_is_held_by_one_process(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HOLDER), str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout.readline() == "held\n"
        try:
            with pytest.raises(
                WorkspaceError, match=f"is in use by process {holder.pid} on .*Wait until it has finished, or cancel it"
            ):
                hold(tmp_path)
        finally:
            holder.send_signal(signal.SIGTERM if os.name == "nt" else signal.SIGKILL)
    hold(tmp_path)


def hold(folder):
    with held(folder):
        return sorted(path.name for path in folder.iterdir())


def test_a_workspace_can_be_held_again_after_an_error(tmp_path):
    with pytest.raises(RuntimeError):
        fail_within(tmp_path)
    hold(tmp_path)


def fail_within(folder):
    with held(folder):
        raise RuntimeError


def test_holding_makes_the_folder_and_sweeps_what_a_killed_run_left(tmp_path):
    folder = tmp_path / "new" / "workspace"
    hold(folder)
    assert folder.is_dir()
    (folder / "scenes" / "R0000C0000").mkdir(parents=True)
    half = folder / "scenes" / "R0000C0000" / ".part-77-20190105T100031.tif"
    half.write_text("half")
    whole = folder / "scenes" / "R0000C0000" / "20190214T100030.tif"
    whole.write_text("whole")
    with pytest.raises(RuntimeError):
        fail_within(folder)
    hold(folder)
    assert not half.exists()
    assert whole.exists()


def test_a_workspace_that_is_a_file_is_told(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(WorkspaceError, match=r"cannot be written .*Choose another WORKSPACE"):
        hold(tmp_path / "file")


def test_a_holder_that_has_yet_to_say_who_it_is_is_another_run(tmp_path):
    from patchwork.core.system import take_lock

    hold(tmp_path)
    with open(tmp_path / ".lock", "a+", encoding="utf-8") as lock:
        assert take_lock(lock)
        with pytest.raises(WorkspaceError, match="is in use by another run"):
            hold(tmp_path)
