"""What the source sends to each deployment, against a server that refuses what the documentation does not list."""

import csv
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
import shapely
from services import ground
from services.hub import Hub

from patchwork.core.clouds.methods import cloud_method
from patchwork.core.errors import DataError, ParameterError, ServiceError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.ledger import Ledger
from patchwork.core.imagery.sources.sentinel_hub import client, deployments, failures
from patchwork.core.imagery.sources.sentinel_hub.collections import COLLECTIONS
from patchwork.core.imagery.sources.sentinel_hub.deployments import DEPLOYMENTS
from patchwork.core.imagery.sources.sentinel_hub.source import SentinelHubSource
from patchwork.core.imagery.sources.services import Limits, Quota, Service
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.store.fingerprints import fingerprint
from patchwork.core.store.workspace import Workspace

YEAR = date(2019, 1, 1), date(2019, 12, 31)
EARTH = shapely.box(14, 46, 17, 47)
GRID = PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 10.0, 10.0)
COARSE = PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 30.0, 30.0)
WINDOW = Window(0, 0, 60, 50)
AREA = "546000,5154000,548400,5156000,EPSG:32633"


@pytest.fixture(scope="module")
def servers():
    """A server for each deployment, with the same products."""
    products = ground.products()
    with Hub(products, deployment="cdse") as cdse, Hub(products) as own:
        yield {"cdse": cdse, "own": own}


@pytest.fixture
def cdse(servers, monkeypatch):
    """The Copernicus Data Space, at the address of its server."""
    hub = enter(servers["cdse"], monkeypatch)
    here = replace(DEPLOYMENTS["cdse"], base_url=hub.url, token_url=hub.token_url)
    monkeypatch.setitem(deployments.DEPLOYMENTS, "cdse", here)
    return hub


@pytest.fixture
def hub(servers, monkeypatch):
    """A deployment of its own."""
    return enter(servers["own"], monkeypatch)


def enter(hub, monkeypatch):
    hub.calm()
    hub.requests.clear()
    hub.paid.clear()
    hub.searches_paid = 0.0
    for name, value in hub.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(failures, "_USUAL_PAUSE_SECONDS", 0.01)
    return hub


def source_of(hub, *collections, ledger=None):
    return SentinelHubSource(Service(collections, "cdse" if hub.deployment == "cdse" else hub.url), ledger)


def run(name, **given):
    """Run an operation: its results, and its messages and warnings."""
    operation, said = OPERATIONS[name], []
    known = {parameter for parameter in operation.parameters.__dataclass_fields__ if parameter in given}
    parameters = operation.parameters.from_values({key: given[key] for key in known})
    return execute(operation, parameters, {}, Progress(on_message=lambda kind, text: said.append((kind, text)))), said


def widest_pass(source):
    return max(source.find(*YEAR, EARTH), key=lambda item: item.footprint.area)


# The Copernicus Data Space


@pytest.mark.parametrize("name", ["sentinel-2-l1c", "sentinel-2-l2a", "sentinel-1-grd"])
def test_products_of_the_copernicus_data_space_are_found_and_read(cdse, name):
    """Their ids end in .SAFE or _COG.SAFE; among them are baseline 05.11 and Sentinel-2C."""
    source = source_of(cdse, name)
    products = {p.time: p for p in cdse.products if p.collection == name}
    assert [item.time for item in source.find(*YEAR, EARTH)] == sorted(products)
    item = widest_pass(source)
    product = products[item.time]
    (found,) = source.read(item, item.bands[1:2], replace(GRID, left=product.left, top=product.top), WINDOW)
    expected = product.read()[item.bands[1]][:60, :50]
    if name == "sentinel-1-grd":
        expected = (10 * np.log10(expected) + 50) * 1000
    np.testing.assert_allclose(found, expected, rtol=0, atol=0.51)
    assert found.any()


def test_the_copernicus_data_space_has_no_clp_and_the_methods_follow(cdse):
    (l1c, *_) = source_of(cdse, "sentinel-2-l1c").find(*YEAR, EARTH)
    (l2a, *_) = source_of(cdse, "sentinel-2-l2a").find(*YEAR, EARTH)
    assert not {"CLP", "CLM"} & {*l1c.bands, *l2a.bands}
    assert cloud_method("auto", l1c.bands).name == "s2cloudless"
    assert cloud_method("auto", l2a.bands).name == "scl"
    with pytest.raises(DataError, match="has no CLP"):
        cloud_method("clp", l2a.bands)


def test_landsat_of_the_copernicus_data_space(cdse):
    with pytest.raises(ParameterError, match="the Copernicus Data Space Ecosystem does not offer 'landsat-ot-l2'"):
        source_of(cdse, "landsat-ot-l2")
    landsat = source_of(cdse, "landsat-ot-l1")
    with pytest.raises(ParameterError, match="begins on 2021-01-01, and the period starts on 2019-01-01"):
        landsat.find(*YEAR, EARTH)
    assert not cdse.requests["catalogue"]
    assert landsat.find(date(2021, 1, 1), date(2021, 12, 31), EARTH) == []
    assert cdse.requests["catalogue"] == 1  # at its own address


def test_an_address_is_known_as_well_as_a_name():
    for url in ("cdse", "https://sh.dataspace.copernicus.eu", "https://sh.dataspace.copernicus.eu/"):
        source = SentinelHubSource(Service(("sentinel-2-l2a",), url))
        assert source.deployment is DEPLOYMENTS["cdse"]
        assert source._config_without_account.sh_token_url.startswith("https://identity.dataspace.copernicus.eu/")


def test_free_limits_are_known_where_the_service_reports_nothing(cdse, tmp_path, monkeypatch):
    cdse.reports_quota = False
    assert source_of(cdse).quota() == Quota()
    service = {"source": "sentinelhub", "service_url": "cdse", "start": "2019-05-01", "end": "2019-08-31"}
    run("splitarea", workspace=tmp_path, area=AREA, patch_size=700, **service)
    found, said = run("findscenes", workspace=tmp_path, **service)
    assert not [text for kind, text in said if "account" in text]
    here = replace(deployments.DEPLOYMENTS["cdse"], limits=Limits(per_month=20, per_minute=2))
    monkeypatch.setitem(deployments.DEPLOYMENTS, "cdse", here)
    slower, said = run("findscenes", workspace=tmp_path, **service)
    assert any(kind == "warning" and "20 processing units and 20 requests a month" in text for kind, text in said)
    assert slower["minutes"] >= slower["requests"] / 2 > found["minutes"]


# Requests


def test_radar_costs_what_was_said_and_names_its_elevation_model(hub, monkeypatch):
    source = source_of(hub, "sentinel-1-grd")
    item = widest_pass(source)
    source.read(item, ("VV", "VH"), GRID, WINDOW)
    said = source.price(item, ("VV", "VH"), WINDOW)
    assert hub.units_paid == pytest.approx(said.units) == pytest.approx(60 * 50 / 512**2 * 2 / 3 * 2.5)
    radar = COLLECTIONS["sentinel-1-grd"]
    assert source._input(radar, item)["processing"]["demInstance"] == "COPERNICUS_30"
    other = replace(radar, processing={**radar.processing, "demInstance": "COPERNICUS_90"})
    monkeypatch.setitem(COLLECTIONS, "sentinel-1-grd", other)
    assert widest_pass(source_of(hub, "sentinel-1-grd")).identity != item.identity


def test_scenes_of_sentinel_2_have_the_fingerprints_that_they_had(hub):
    source = source_of(hub, "sentinel-2-l1c")
    item = source.find(*YEAR, EARTH)[1]
    processing = {"upsampling": "NEAREST", "downsampling": "NEAREST", "harmonizeValues": True}
    expected = fingerprint(f"{hub.url} sentinel-2-l1c", "sentinel-2-l1c", processing, "sentinel-2b", item.time)
    assert item.identity == expected


def test_a_landsat_pixel_without_a_value_in_one_band_has_no_data(hub):
    source = source_of(hub, "landsat-ot-l2")
    item = widest_pass(source)
    product = next(p for p in hub.products if p.collection == "landsat-ot-l2" and p.time == item.time)
    bands = product.read()
    bands["B05"][:20] = 0  # NaN in what the server sends
    spoilt = replace(product, read=lambda: bands)
    hub.products[hub.products.index(product)] = spoilt
    grid = replace(COARSE, left=product.left, top=product.top)
    found = source.read(item, ("B04", "B08", "QA"), grid, Window(0, 0, 50, 60))
    hub.products[hub.products.index(spoilt)] = product
    assert not found[:, :20].any()
    whole = (bands["B04"] > 0) & (bands["B05"] > 0)
    for band, name in zip(found, ("B04", "B05", "BQA"), strict=True):
        np.testing.assert_array_equal(band, np.where(whole, bands[name], 0)[:50, :60])
    assert found[0, 20:].any()


def test_a_crs_that_the_service_does_not_deliver_is_refused_before_a_request(hub, tmp_path):
    service = {"source": "sentinelhub", "service_url": hub.url, "start": "2019-05-01", "end": "2019-08-31"}
    for number, (crs, is_known) in enumerate([("EPSG:31256", False), ("EPSG:3035", True)]):
        workspace = tmp_path / str(number)
        run("splitarea", workspace=workspace, area=AREA, crs=crs, **service)
        if is_known:
            assert run("findscenes", workspace=workspace, **service)[0]["scene_number"] > 0
        else:
            with pytest.raises(ParameterError, match=r"does not deliver EPSG:31256.* 3035, "):
                run("findscenes", workspace=workspace, **service)
            assert not hub.requests


def test_a_quick_look_asks_for_no_larger_pixels_than_the_service_delivers(hub, tmp_path):
    service = {"source": "sentinelhub", "service_url": hub.url, "start": "2019-06-01", "end": "2019-06-30"}
    area = "400000,5100000,600000,5200000,EPSG:32633"
    run("splitarea", workspace=tmp_path, area=area, patch_size=50_000, **service)
    run("findscenes", workspace=tmp_path, **service)
    time = Workspace(tmp_path).catalogue.acquisitions[0].name
    run("quicklook", workspace=tmp_path, time=time, size=16, **service)
    assert hub.requests["process"] == 1


# The account


def test_the_ledger_has_searches_too(hub, tmp_path):
    ledger = Ledger(tmp_path / "downloads.csv", budget=0.13)
    source = source_of(hub, ledger=ledger)
    place = shapely.box(15, 46, 15.1, 46.1)
    source.find(*YEAR, place)
    with (tmp_path / "downloads.csv").open(encoding="utf-8", newline="") as file:
        paid = {row["request"]: float(row["processing_units"]) for row in csv.DictReader(file)}
    assert sum(paid.values()) == pytest.approx(hub.searches_paid) == pytest.approx(0.01 * 12)
    with pytest.raises(ServiceError, match="budget is used up"):
        source.find(*YEAR, place)


def test_what_is_left_is_reported_of_units_and_requests(hub):
    hub.quota, hub.request_quota = 21_340.0, 4_000
    assert source_of(hub).quota() == Quota(21_340.0, 4_000.0)


@pytest.mark.parametrize("status", [403, 429])
def test_no_requests_left_is_told_as_no_units_left(hub, monkeypatch, status):
    monkeypatch.setattr(failures, "PAUSES", 5)
    source = source_of(hub)
    item = widest_pass(source)
    hub.request_quota, hub.exhausted = 1, status
    source.read(item, ("B02",), GRID, WINDOW)
    hub.requests.clear()
    with pytest.raises(ServiceError, match=r"quota is used up.*start of the month"):
        source.read(item, ("B02",), GRID, WINDOW)
    assert hub.requests["process"] == (1 if status == 403 else 6)


def test_pauses_at_the_rate_limit_are_not_counted_over_answers(hub, monkeypatch):
    monkeypatch.setattr(failures, "PAUSES", 2)
    source = source_of(hub)
    item = widest_pass(source)
    hub.fail_at = {1: "429", 2: "bare 429", 4: "429", 5: "bare 429"}
    for _ in range(2):
        assert source.read(item, ("B02",), GRID, WINDOW).any()
    assert hub.requests["process"] == 6


def test_too_many_sign_ins_are_waited_for(hub):
    hub.token_refusals = 6
    assert source_of(hub).find(*YEAR, EARTH)
    assert hub.requests["token"] == 7
    hub.token_refusals = 1
    with pytest.raises(ServiceError, match=r"accepts no more sign-ins for now \(429\). Try again in 1 second"):
        source_of(hub).sign_in()


# Planning for another workspace


@pytest.mark.parametrize("widest", [2500, 40])
def test_what_is_fetched_is_not_priced_again(hub, tmp_path, monkeypatch, widest):
    """Nor are the parts of scenes that need several requests."""
    monkeypatch.setattr(SentinelHubSource, "traits", replace(SentinelHubSource.traits, widest=widest))
    service = {"source": "sentinelhub", "service_url": hub.url, "start": "2019-06-01", "end": "2019-06-30"}
    map_folder, plan = tmp_path / "map", tmp_path / "plan"
    for folder in (map_folder, plan):
        run("splitarea", workspace=folder, area=AREA, patch_size=1500, **service)
    before = run("findscenes", workspace=map_folder, **service)[0]
    with pytest.raises(ServiceError):
        run("downloadscenes", workspace=map_folder, budget=before["processing_units"] / 2, connections=1, **service)
    fetched = len(hub.paid)
    assert 0 < fetched < before["requests"]
    for where in ({"workspace": map_folder}, {"workspace": plan, "planned_for": map_folder}):
        left = run("findscenes", **where, **service)[0]
        assert left["requests"] == before["requests"] - fetched
        assert left["processing_units"] == pytest.approx(before["processing_units"] - hub.units_paid, rel=0.01)
    assert run("findscenes", workspace=plan, **service)[0]["requests"] == before["requests"]
    other = run("findscenes", workspace=map_folder, bands="B02,B03,B04,B05,B08,B11,B12", **service)[0]
    assert other["requests"] > left["requests"]


def test_changed_bands_are_fetched_again(hub, tmp_path):
    service = {"source": "sentinelhub", "service_url": hub.url, "start": "2019-06-01", "end": "2019-06-15"}
    run("splitarea", workspace=tmp_path, area=AREA, **service)
    for bands in ("B02,B04,B08", "B03,B04,B08"):
        hub.paid.clear()
        run("downloadscenes", workspace=tmp_path, bands=bands, indices="NDVI", **service)
        scenes = [bill for bill in hub.paid if '"B10"' not in bill["key"]]
        assert scenes
        assert all(f'"{bands[:3]}"' in bill["key"] for bill in scenes)


def test_a_quick_look_counts_against_the_budget_of_the_map(hub, tmp_path):
    service = {"source": "sentinelhub", "service_url": hub.url, "start": "2019-06-01", "end": "2019-06-30"}
    map_folder, plan = tmp_path / "map", tmp_path / "plan"
    for folder in (map_folder, plan):
        run("splitarea", workspace=folder, area=AREA, **service)
    run("findscenes", workspace=plan, planned_for=map_folder, **service)
    time = Workspace(plan).catalogue.acquisitions[0].name
    run("quicklook", workspace=plan, planned_for=map_folder, time=time, size=200, **service)
    spent = hub.units_paid + hub.searches_paid
    ledger = Ledger(map_folder / "downloads.csv", budget=spent + 0.1)
    with pytest.raises(ServiceError, match="budget is used up"), ledger.paying("more", 0.11):
        pass
    with ledger.paying("as much as is left", 0.099):
        pass
