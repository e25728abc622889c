"""The patches of an area, and what a year of it would take: for areas of every size, from 3 m to a continent."""

import json

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.area.estimates import estimate_year
from patchwork.core.errors import DataError, ParameterError
from patchwork.core.grid.patches import cut
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.store.layout import Layout
from patchwork.core.store.workspace import Workspace

X, Y = 500_000, 5_100_000


def split(workspace, area, **given_values):
    """The outputs, and what was said."""
    said = []
    progress = Progress(on_message=lambda level, text: said.append(f"{level}: {text}"))
    operation = OPERATIONS["splitarea"]
    values = {"workspace": workspace, "source": "stac", "area": area, **given_values}
    return execute(operation, operation.parameters.from_values(values), {}, progress), "\n".join(said)


def square(side, x=X, y=Y):
    return f"{x},{y},{x + side},{y + side},EPSG:32633"


def test_what_a_year_takes_is_told(tmp_path):
    outputs, said = split(tmp_path, square(12_000))
    assert outputs["area_km2"] == pytest.approx(144.0)
    # 70 acquisitions of six bands of two bytes, ten more in cells of 6 × 6 pixels, deflated to two thirds
    assert outputs["disk_mb"] == pytest.approx(1.44 * 70 * (6 + 10 / 36) * 2 * 0.65, rel=1e-3)
    assert outputs["minutes"] > 0
    assert 500 < outputs["memory_mb"] <= 4000
    assert "warning" not in said


@given(st.integers(1, 10**9), st.integers(1, 10**7))
def test_more_takes_more(pixels, largest):
    one, two = estimate_year(pixels, largest), estimate_year(2 * pixels, 2 * largest)
    assert two.disk_mb == pytest.approx(2 * one.disk_mb, rel=1e-3, abs=0.2)
    assert two.minutes - one.minutes == pytest.approx(one.minutes - estimate_year(0, 1).minutes, rel=1e-3, abs=0.2)
    assert one.memory_mb <= two.memory_mb <= 4000


def test_a_large_area_is_a_question(tmp_path):
    outputs, said = split(tmp_path, square(400_000), patch_size=100_000)
    assert outputs["patch_number"] == 20  # they lie on multiples of their size
    assert "warning: The area is 160,000 km²: a year of Sentinel-2 takes about 0.9 TB and" in said
    assert "days on two cores. Draw a smaller area if this is not intended." in said


@pytest.mark.parametrize("area", ["-10,36,30,60", "-180,-60,180,80"])
def test_a_continent_is_refused_before_anything_is_cut(tmp_path, area, peak_memory):
    def refused():
        with pytest.raises(DataError, match=r"would be cut into [\d,]+ patches: .* PATCH_SIZE to [\d,]+ m or more"):
            split(tmp_path, area)

    assert peak_memory(refused) < 2_000_000  # less than 10 bytes a patch
    assert not list(tmp_path.glob("[!.]*"))


def test_the_patch_size_that_is_proposed_is_taken(tmp_path):
    with pytest.raises(DataError, match="PATCH_SIZE to 1,000 m or more"):
        split(tmp_path, square(100_000), patch_size=200)
    assert split(tmp_path, square(100_000), patch_size=1000)[0]["patch_number"] == 10_100


def test_a_patch_is_at_least_a_pixel(tmp_path):
    with pytest.raises(ParameterError, match=r"PATCH_SIZE\): 9 m is less than a pixel of 10 m"):
        split(tmp_path, square(50), patch_size=9)
    assert split(tmp_path, square(50), patch_size=10)[0]["patch_number"] == 25


@pytest.mark.parametrize(("size", "side"), [(14, 1), (16, 2), (24, 2), (26, 3)])
def test_the_patch_size_is_rounded_to_whole_pixels(tmp_path, size, side):
    split(tmp_path, square(100), patch_size=size)
    shapes = [patch.window.shape for patch in Workspace(tmp_path).layout.patches]
    assert max(shapes) == (side, side)


def test_so_many_rows_and_columns_are_refused_too(tmp_path):
    with pytest.raises(DataError, match="would be cut into 1,000,000 patches"):
        split(tmp_path, square(100_000), patch_count="1000x1000")


def test_an_area_of_3_m_is_too_small_or_one_pixel(tmp_path):
    with pytest.raises(DataError, match=r"contains the centre of no pixel of 10 m. Draw a larger one or set a BUFFER"):
        split(tmp_path, square(3))
    outputs, said = split(tmp_path, square(3, X + 4, Y + 4))
    assert outputs["patch_number"] == 1
    assert outputs["area_km2"] == pytest.approx(9e-6)
    assert "warning: The area has only 1 pixel of 10 m. Is its CRS right?" in said


corners = st.tuples(st.integers(0, 60), st.integers(0, 60))


@given(st.lists(corners, min_size=3, max_size=6, unique=True))
def test_patches_are_those_that_share_ground_with_the_area(tmp_path_factory, points):
    area = shapely.convex_hull(shapely.multipoints(points))
    if area.area < 4:
        return
    folder = tmp_path_factory.mktemp("area")
    ground = shapely.transform(area, lambda xy: xy * 10 + (X, Y))
    file = folder / "area.geojson"
    features = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(ground)}
    crs = {"type": "name", "properties": {"name": "EPSG:32633"}}
    file.write_text(json.dumps({"type": "FeatureCollection", "crs": crs, "features": [features]}))
    split(folder / "workspace", str(file), patch_size=100)
    layout = Workspace(folder / "workspace").layout
    found = {patch.id for patch in layout.patches}
    for patch in cut(layout.domain, 10, 10):
        shared = shapely.box(*layout.grid.bounds(patch.window)).intersection(ground).area
        assert (patch.id in found) == (shared > 1e-3)


def test_the_ground_of_patches_is_that_of_their_windows():
    grid = PixelGrid("EPSG:32633", 123.4, 9_999_987.6, 10.1, 9.9)
    domain = Window(-7, 13, 300, 200)
    layout = Layout(grid, shapely.box(0, 0, 1, 1), domain, tuple(cut(domain, 64, 50)))
    expected = [shapely.box(*grid.bounds(patch.window)) for patch in layout.patches]
    np.testing.assert_array_equal(shapely.get_coordinates(layout.rectangles), shapely.get_coordinates(expected))
    for window in (
        Window(0, 20, 10, 10),
        Window(57, 13, 1, 1),
        Window(-50, 0, 10, 10),
        Window(0, 20, 0, 10),
        Window(0, 20, 57, 30),
    ):
        near = [patch for patch in layout.patches if not patch.window.intersection(window).is_empty]
        assert layout.patches_in(window) == near
    for reach in (0, 1, 50, 2):  # asked for one after the other
        for patch in layout.patches:
            assert layout.patches_within(patch, reach) == layout.patches_in(patch.window.expanded(reach))
