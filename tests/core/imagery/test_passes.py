"""Products grouped into passes: real answers of the services, and synthetic ones."""

import json
from datetime import datetime, timedelta, timezone

import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.errors import DataError
from patchwork.core.imagery.sources.passes import CatalogueItem, group_passes, named_apart, read_item

BEGINNING = datetime(2019, 7, 31, 10, 0, tzinfo=timezone.utc)


def tile(name, minutes=0.0, platform="sentinel-2a", ground=(0, 0, 1, 1), cloud=None):
    return CatalogueItem(name, BEGINNING + timedelta(minutes=minutes), platform, shapely.box(*ground), cloud)


@pytest.fixture
def answer(realdata):
    def read(name):
        found = json.loads((realdata / "service" / name).read_text())
        return found.get("response", found)

    return read


def test_a_real_page_is_read(answer):
    page = answer("catalog_search_paged_2024.json")
    passes = group_passes(read_item(feature) for feature in page["features"])
    assert [each.platform for each in passes] == ["sentinel-2a", "sentinel-2b"]
    assert [each.time.strftime("%Y%m%dT%H%M%S") for each in passes] == ["20240128T101301", "20240130T100149"]
    assert passes[1].first == datetime(2024, 1, 30, 10, 8, 8, tzinfo=timezone.utc)
    assert passes[1].cloud_cover(passes[1].footprint) == pytest.approx(0.0006)
    bounds = page["features"][0]["bbox"]
    assert passes[1].footprint.bounds == pytest.approx(bounds, abs=1e-6)


def test_a_real_answer_of_the_older_catalogue_is_read(answer):
    (each,) = group_passes(
        read_item(feature) for feature in answer("catalog_search_response_S2L1CLayer.json")["features"]
    )
    assert each.time == datetime(2020, 8, 23, 10, 0, 31, tzinfo=timezone.utc)
    assert each.last == datetime(2020, 8, 23, 10, 9, 17, tzinfo=timezone.utc)


def test_real_tiles_are_grouped_by_datatake(realdata):
    held = json.loads((realdata / "service" / "catalog_notebook_outputs_cdse.json").read_text())
    found = next(value for name, value in held.items() if name.startswith("search fields="))
    here = shapely.geometry.mapping(shapely.box(50, 45, 51, 46))  # the search excluded geometries
    passes = group_passes(read_item({**item, "geometry": here}) for item in found)
    datatakes = {item["id"].split("_")[2] for item in found}
    assert {each.time.strftime("%Y%m%dT%H%M%S") for each in passes} == datatakes
    assert len(passes) == len(datatakes) < len(found)
    (last,) = [each for each in passes if each.time.day == 25]
    assert len(last.items) == 3
    assert last.first == datetime(2021, 1, 25, 7, 37, 5, 835000, tzinfo=timezone.utc)


def test_a_real_item_is_read(realdata):
    held = json.loads((realdata / "service" / "catalog_notebook_outputs_sh_main.json").read_text())
    item = next(value for name, value in held.items() if name.startswith("catalog.get_feature"))
    found = read_item(item)
    assert (found.id, found.platform) == (item["id"], "sentinel-2a")
    assert found.footprint.bounds == pytest.approx(item["bbox"])


def test_tiles_of_a_datatake_are_one_pass_under_the_time_it_began():
    names = [f"S2A_MSIL1C_20190731T100031_N0208_R122_T33T{square}_20190731T121100" for square in ("WM", "WN", "XM")]
    tiles = [tile(name, 9 + number / 10, ground=(number, 0, number + 1, 1)) for number, name in enumerate(names)]
    (one,) = group_passes(tiles)
    (fewer,) = group_passes(tiles[1:])
    assert one.time == fewer.time == datetime(2019, 7, 31, 10, 0, 31, tzinfo=timezone.utc)
    assert one.footprint.area == 3.0
    assert (one.first, one.last) == (tiles[0].time, tiles[2].time)


def test_other_missions_are_grouped_by_orbit_or_path():
    radar = [
        f"S1B_IW_GRDH_1SDV_20190105T05150{n}_20190105T05152{n}_014370_01ABC{d}_ABCD"
        for n, d in ((0, 1), (5, 1), (9, 2))
    ]
    assert [len(each.items) for each in group_passes(tile(name, n / 10, "s1b") for n, name in enumerate(radar))] == [
        2,
        1,
    ]
    scenes = [f"LC08_L1TP_19002{row}_20190731_20200829_02_T1" for row in (7, 8)] + [
        "LC08_L1TP_191028_20190731_2020_02_T1"
    ]
    passes = group_passes(tile(name, n / 2, "landsat-8") for n, name in enumerate(scenes))
    assert [len(each.items) for each in passes] == [2, 1]


def test_without_names_that_tell_ten_minutes_make_a_pass():
    minutes = (0, 6, 14, 25, 100)
    passes = group_passes(tile(f"x{number}", at) for number, at in enumerate(minutes))
    assert [len(each.items) for each in passes] == [3, 1, 1]


@given(st.permutations(range(8)), st.lists(st.integers(0, 300), min_size=8, max_size=8))
def test_the_order_of_tiles_does_not_matter_and_satellites_never_mix(order, minutes):
    tiles = [tile(f"x{n}", at, f"satellite {n % 3}") for n, at in enumerate(minutes)]
    passes = group_passes(tiles)
    assert group_passes([tiles[number] for number in order]) == passes
    assert all(len({each.platform for each in one.items}) == 1 for one in passes)
    assert sum(len(one.items) for one in passes) == 8
    names = [one.time for one in passes]
    assert names == sorted(set(names))


def test_cloud_cover_is_weighed_by_what_each_tile_shows_of_the_area():
    (one,) = group_passes([tile("x", ground=(0, 0, 2, 1), cloud=0.5), tile("y", ground=(2, 0, 3, 1), cloud=0.1)])
    assert one.cloud_cover(shapely.box(1, 0, 2.5, 1)) == pytest.approx((1 * 0.5 + 0.5 * 0.1) / 1.5)
    assert one.cloud_cover(shapely.box(5, 5, 6, 6)) is None
    (unknown,) = group_passes([tile("x")])
    assert unknown.cloud_cover(shapely.box(0, 0, 1, 1)) is None


def test_of_two_in_the_same_second_one_moves_on():
    passes = group_passes([tile("a", platform="sentinel-2a"), tile("b", platform="sentinel-2c")])
    assert [each.time - BEGINNING for each in passes] == [timedelta(0), timedelta(seconds=1)]
    assert [each.platform for each in named_apart(passes)] == ["sentinel-2a", "sentinel-2c"]


@pytest.mark.parametrize(
    "spoilt",
    [{"properties": {}}, {"geometry": None}, {"properties": {"datetime": "soon"}}, {"geometry": {"type": "Box"}}],
)
def test_an_item_that_lacks_what_every_item_has_is_named(spoilt):
    item = {
        "id": "one",
        "properties": {"datetime": "2019-07-31T10:00:00Z"},
        "geometry": {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 0]]]},
    }
    assert read_item(item).id == "one"
    with pytest.raises(DataError, match="item one cannot be read"):
        read_item({**item, **spoilt})


def processed(name, hour=10, **properties):
    """An item over the unit square."""
    geometry = shapely.geometry.mapping(shapely.box(0, 0, 1, 1))
    moment = f"2022-07-05T{hour:02}:00:00Z"
    return read_item({"id": name, "properties": {"datetime": moment, **properties}, "geometry": geometry})


NEWEST_LAST = {
    "counter and baseline": [
        processed("S2A_33TWM_20220705_0_L2A", **{"s2:processing_baseline": "04.00"}),
        processed("S2A_33TWM_20220705_1_L2A", **{"s2:processing_baseline": "05.10"}),
    ],
    "the lower counter has the newer baseline": [
        processed("S2A_33TWM_20220705_1_L2A", **{"s2:processing_baseline": "04.00"}),
        processed("S2A_33TWM_20220705_0_L2A", **{"s2:processing_baseline": "05.10"}),
    ],
    "baseline in the product's name": [
        processed("S2A_MSIL2A_20220705T100031_N0400_R122_T33TWM_20220705T160000"),
        processed("S2A_MSIL2A_20220705T100031_N0510_R122_T33TWM_20240705T160000"),
    ],
    "zones with one digit": [
        processed("S2A_1CCV_20220705_0_L2A", **{"s2:processing_baseline": "04.00"}),
        processed("S2A_T01CCV_20220705T100031_L2A", **{"s2:processing_baseline": "05.00"}),
    ],
    "ten is more than nine": [
        processed("a", **{"s2:mgrs_tile": "33TWM", "processing:version": "05.09"}),
        processed("b", **{"grid:code": "MGRS-33TWM", "processing:version": "05.10"}),
    ],
}


@pytest.mark.parametrize("how", NEWEST_LAST)
@pytest.mark.parametrize("is_turned", [False, True])
def test_of_several_processings_of_a_scene_the_newest_baseline_is_used(how, is_turned):
    old, new = NEWEST_LAST[how]
    (one,) = group_passes([new, old] if is_turned else [old, new])
    assert one.items == (new,)
    assert one.older == (old,)


SAME_BASELINE = {
    "counter": ["S2A_33TWM_20220705_0_L2A", "S2A_33TWM_20220705_1_L2A"],
    "processing time": [
        "S2A_MSIL2A_20220705T100031_N0400_R122_T33TWM_20220705T160000",
        "S2A_MSIL2A_20220705T100031_N0400_R122_T33TWM_20220706T020000",
    ],
    "day of Landsat": ["LC08_L2SP_190028_20220705_20220712_02_T1", "LC08_L2SP_190028_20220705_20230406_02_T1"],
}


@pytest.mark.parametrize("how", SAME_BASELINE)
def test_strips_of_one_baseline_stay_together_the_last_processed_first(how):
    old, new = (processed(name) for name in SAME_BASELINE[how])
    (one,) = group_passes([old, new])
    assert one.items == (new, old)
    assert one.older == ()


def test_other_tiles_and_passes_are_not_replaced():
    names = ["S2A_33TWM_20220705_0_L2A", "S2A_33TXM_20220705_1_L2A", "x", "y"]
    items = [processed(name, **{"s2:processing_baseline": f"0{n}.00"}) for n, name in enumerate(names, 2)]
    (one,) = group_passes(items)
    assert [each.id for each in one.items] == names
    next_pass = processed("S2A_33TWM_20220705_1_L2A", hour=12, **{"s2:processing_baseline": "05.00"})
    assert len(group_passes([items[0], next_pass])) == 2


def test_an_item_without_geometry_lies_where_its_bounds_are():
    item = {"id": "one", "properties": {"datetime": None, "start_datetime": "2019-07-31T10:00:00Z"}, "geometry": None}
    assert read_item({**item, "bbox": [1, 2, 3, 4]}).footprint.equals(shapely.box(1, 2, 3, 4))
    assert read_item({**item, "bbox": [1, 2, 0, 3, 4, 9]}).footprint.equals(shapely.box(1, 2, 3, 4))
    assert read_item({**item, "bbox": [179, 2, -179, 4]}).footprint.area == pytest.approx(4)
    assert read_item({**item, "bbox": [1, 2, 3, 4]}).time == BEGINNING
