"""The offset of baseline 04.00 in STAC catalogues: decided from the pixels where the items are wrong."""

import json
from datetime import date

import numpy as np
import pytest
import shapely
from affine import Affine
from services.stac import COLLECTION, COLLECTION_1, StacServer, write_item

from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.services import Service
from patchwork.core.imagery.sources.stac import reading
from patchwork.core.imagery.sources.stac.offsets import decide
from patchwork.core.imagery.sources.stac.source import StacSource, open_stac
from patchwork.core.store.fingerprints import fingerprint

EVERYWHERE = shapely.box(-180, -90, 180, 90)
PERIOD = date(2022, 7, 1), date(2022, 7, 31)
PLACE = {"crs": "EPSG:32633", "affine": Affine(10, 0, 500_040, 0, -10, 5_100_000)}
GRID = PixelGrid("EPSG:32633", 500_040.0, 5_100_000.0, 10.0, 10.0)
WHOLE = Window(0, 0, 120, 120)
DECLARED = {"scale": 1e-4, "offset": -0.1}
BASELINE = {"s2:processing_baseline": "04.00"}


@pytest.fixture(autouse=True)
def no_open_files():
    """Ports are used again: an image of another test's server must not be taken for one of this test's."""
    reading._opened.__dict__.clear()


def ground(low=1, high=4000, seed=1, names=("B02", "B12")):
    random = np.random.default_rng(seed)
    return {name: random.integers(low, high, (120, 120)) for name in names}


def item(folder, name, bands, *, flag=None, offset=0, day=5, raster=DECLARED, collection=COLLECTION, **more):
    flags = {} if flag is None else {"earthsearch:boa_offset_applied": flag}
    properties = {**BASELINE, **flags, **more.pop("properties", {})}
    time = f"2022-07-{day:02}T10:00:00Z"
    return write_item(
        folder, name, time, bands, **PLACE, offset=offset, properties=properties, raster=raster, collection=collection
    )


def found_in(folder, items, collections=(COLLECTION,)):
    with StacServer(folder, items) as server:
        source = StacSource(server.url, collections)
        found = source.find(*PERIOD, EVERYWHERE)
        return found, [source.read(each, ("B02",), GRID, WHOLE)[0] for each in found]


@pytest.mark.parametrize("flag", [False, True, None])
@pytest.mark.parametrize("offset", [0, 1000])
def test_reflectance_is_right_whatever_the_item_says(tmp_path, flag, offset):
    bands = ground()
    (found,), (pixels,) = found_in(tmp_path, [item(tmp_path, "one", bands, flag=flag, offset=offset)])
    np.testing.assert_array_equal(pixels, bands["B02"])
    (tile,) = found.facts["tiles"]
    is_wrong = (flag is True) != (offset == 0)
    assert ("although the catalogue says" in tile["offset"]) == is_wrong
    assert any("the pixels decide" in text for text in found.remarks) == is_wrong
    assert found.warnings == ()


@pytest.mark.parametrize("offset", [0, 1000])
def test_a_corrected_scene_has_another_identity_and_a_right_one_keeps_it(tmp_path, offset):
    with StacServer(tmp_path, [item(tmp_path, "one", ground(), offset=offset)]) as server:
        source = StacSource(server.url, (COLLECTION,))
        first, second = (source.find(*PERIOD, EVERYWHERE)[0] for _ in range(2))
        assert first.identity == second.identity
        assert json.dumps(first.facts) == json.dumps(second.facts)
        before = fingerprint(f"{server.url} {COLLECTION}", ["one"])
        assert (first.identity == before) == (offset == 1000)


def test_what_cannot_be_decided_is_left_as_declared_with_a_warning(tmp_path):
    clouds = ground(low=5000, high=9000)
    (found,), (pixels,) = found_in(tmp_path, [item(tmp_path, "one", clouds, flag=False, offset=1000)])
    np.testing.assert_array_equal(pixels, clouds["B02"])
    assert "the pixels do not show" in found.warnings[0]


def test_snow_is_decided_by_short_wave_infrared(tmp_path):
    bands = {**ground(low=6000, high=9000), "B12": ground(low=100, high=700)["B12"]}
    (found,), (pixels,) = found_in(tmp_path, [item(tmp_path, "one", bands, flag=False)])
    np.testing.assert_array_equal(pixels, bands["B02"])
    assert found.warnings == ()


def test_items_without_such_claims_are_not_looked_at(tmp_path):
    bands = ground()
    older = {"flag": False, "raster": {"scale": 1e-4, "offset": 0}, "properties": {"s2:processing_baseline": "02.14"}}
    items = [
        item(tmp_path, "agency", bands, offset=1000, raster=None),
        item(tmp_path, "older", bands, day=6, **older),
    ]
    found, pixels = found_in(tmp_path, items)
    assert all("offset" not in each.facts["tiles"][0] for each in found)
    for values in pixels:
        np.testing.assert_array_equal(values, bands["B02"])


def test_decisions_need_many_pixels():
    floor = np.linspace(1001, 4000, 10_000)
    assert decide(floor, -1000.0) == "not taken off"
    noisy = np.concatenate([floor, [700, 750, 790]])  # shadows below zero
    assert decide(noisy, -1000.0) == "not taken off"
    assert decide(np.linspace(1, 4000, 10_000), -1000.0) == "taken off"
    assert decide(np.zeros((100, 100)), -1000.0) == "undecided"
    assert decide(np.full(20, 300), -1000.0) == "undecided"
    assert decide(np.linspace(1500, 4000, 10_000), -1000.0) == "undecided"


def both(folder):
    """Passes of both collections: both have day 5, the older one alone has day 10, and day 15 lacks a band in c1."""
    new, old = ground(seed=2), ground(seed=3)
    c1 = {"collection": COLLECTION_1, "offset": 1000}
    lacks_one = {name: values for name, values in new.items() if name != "B12"}
    return (
        new,
        old,
        [
            item(folder, "S2A_T33TWM_20220705T100031_L2A", new, day=5, **c1),
            item(folder, "S2A_33TWM_20220705_0_L2A", old, day=5, flag=False),
            item(folder, "S2A_33TWM_20220710_0_L2A", old, day=10, flag=False),
            item(folder, "S2A_T33TWM_20220715T100031_L2A", lacks_one, day=15, **c1),
            item(folder, "S2A_33TWM_20220715_0_L2A", old, day=15, flag=False),
        ],
    )


def test_collection_1_comes_first_and_the_older_one_fills_its_gaps(tmp_path):
    new, old, items = both(tmp_path)
    with StacServer(tmp_path, items) as server:
        source = open_stac(Service(url=server.url))
        found = source.find(*PERIOD, EVERYWHERE)
        assert [each.time.day for each in found] == [5, 10, 15]
        pixels = [source.read(each, ("B02",), GRID, WHOLE)[0] for each in found]
    for values, expected in zip(pixels, (new, old, old), strict=True):
        np.testing.assert_array_equal(values, expected["B02"])
    assert [each.facts["collection"] for each in found] == [COLLECTION_1, COLLECTION, COLLECTION]
    assert all(each.bands == ("B02", "B12") for each in found)
    assert [any("are missing in" in text for text in each.remarks) for each in found] == [False, True, True]


@pytest.mark.parametrize("collection", [COLLECTION, COLLECTION_1])
def test_a_collection_that_is_asked_for_stands_alone(tmp_path, collection):
    _, _, items = both(tmp_path)
    with StacServer(tmp_path, items) as server:
        source = open_stac(Service((collection,), server.url))
        assert {each.facts["collection"] for each in source.find(*PERIOD, EVERYWHERE)} == {collection}
        assert source.imagery == f"{server.url} {collection}"


def test_a_catalogue_with_one_of_them_serves_as_before(tmp_path):
    with StacServer(tmp_path, [item(tmp_path, "one", ground(), offset=1000)]) as server:
        assert len(open_stac(Service(url=server.url)).find(*PERIOD, EVERYWHERE)) == 1
        assert open_stac(Service(url=server.url)).find(date(2020, 1, 1), date(2020, 1, 2), EVERYWHERE) == []
