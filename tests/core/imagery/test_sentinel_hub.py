"""The sentinelhub source through the real client, against a server that speaks the service's protocol over TLS."""

import csv
import json
import os
import random
import re
import signal
import subprocess
import sys
import time
from datetime import date, datetime, timezone
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from services import ground
from services.hub import Hub

from patchwork.core.errors import DataError, ParameterError, ServiceError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.ledger import Ledger
from patchwork.core.imagery.sources.sample import simulation
from patchwork.core.imagery.sources.sample.source import SampleSource
from patchwork.core.imagery.sources.sentinel_hub import client, failures
from patchwork.core.imagery.sources.sentinel_hub.collections import COLLECTIONS, Collection
from patchwork.core.imagery.sources.sentinel_hub.source import SentinelHubSource
from patchwork.core.imagery.sources.services import Service
from patchwork.core.vocabulary.bands import DETECTOR_BANDS

AREA = (546_300, 5_153_900, 547_900, 5_155_500)  # near a corner of the sample region, in several patches
AREA_OPTION = ",".join(map(str, AREA)) + ",EPSG:32633"
YEAR = date(2019, 1, 1), date(2019, 12, 31)
SUMMER = ("--start", "2019-06-01", "--end", "2019-07-31")
RASTERS = ("map", "confidence", "valid_count", "mean_cloud_probability", "mean_ndvi")
GRID = PixelGrid("EPSG:32633", 0.0, 10_000_020.0, 10.0, 10.0)
WINDOW = Window(484_402, 54_650, 90, 70)
EARTH = shapely.box(14, 46, 17, 47)


@pytest.fixture(scope="module")
def hub():
    with Hub(ground.products(tiles=2)) as server:
        yield server


@pytest.fixture(autouse=True)
def calm(hub, monkeypatch):
    """Every test starts with a working server, an account in the environment, and short waits."""
    hub.calm()
    hub.requests.clear()
    hub.paid.clear()
    hub.log.clear()
    for name, value in hub.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(client, "_FIRST_WAIT", 0.01)
    monkeypatch.setattr(failures, "ATTEMPTS_OFFLINE", 6)
    monkeypatch.setattr(failures, "_USUAL_PAUSE_SECONDS", 0.01)


def source_of(hub, *collections, ledger=None):
    return SentinelHubSource(Service(collections, hub.url), ledger)


def read(source, bands=("B02", "B8A"), window=WINDOW, grid=GRID, number=0):
    """The window of one of the passes with the largest footprints."""
    found = sorted(source.find(*YEAR, EARTH), key=lambda item: -item.footprint.area)
    return source.read(found[number], bands, grid, window)


# Catalogue, pixels and prices


def test_passes_times_and_cloud_cover_are_those_of_the_region(hub):
    found = source_of(hub).find(*YEAR, EARTH)
    expected = SampleSource().find(*YEAR, SampleSource().extent)
    assert [item.time for item in found] == [item.time for item in expected]
    for item, other in zip(found, expected, strict=True):
        assert item.cloud_cover == pytest.approx(other.cloud_cover, abs=1e-4)
        assert set(item.bands) >= set(DETECTOR_BANDS)


def test_all_pages_of_the_catalogue_are_read(hub, monkeypatch):
    whole = source_of(hub).find(*YEAR, EARTH)
    monkeypatch.setattr("patchwork.core.imagery.sources.sentinel_hub.source._PAGE", 5)
    hub.requests.clear()
    assert source_of(hub).find(*YEAR, EARTH) == whole
    assert hub.requests["catalogue"] == -(-2 * len(whole) // 5)


def test_pixels_are_those_of_the_region_across_the_borders_of_tiles(hub):
    sample = SampleSource()
    item = max(sample.find(*YEAR, sample.extent), key=lambda each: each.footprint.area)
    source = source_of(hub)
    (own,) = [each for each in source.find(*YEAR, EARTH) if each.time == item.time]
    window = Window(WINDOW.row, 54_600, 80, 600)
    bands = ("B02", "B03", "B8A", "B12")
    np.testing.assert_array_equal(source.read(own, bands, GRID, window), sample.read(item, bands, GRID, window))
    cells = WINDOW.moved(6, 6).coarse(6)  # inside the region, beyond which the service has no pixels
    coarse = GRID.coarse(6)
    expected = sample.read(item, DETECTOR_BANDS, coarse, cells)
    assert expected.any()
    np.testing.assert_array_equal(source.read(own, DETECTOR_BANDS, coarse, cells), expected)


def test_landsat_and_radar_come_in_the_numbers_that_are_promised(hub):
    landsat = source_of(hub, "landsat-ot-l1")
    grid = PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 30.0, 30.0)
    item = landsat.find(*YEAR, EARTH)[3]
    found = landsat.read(item, ("B08", "QA"), grid, Window(0, 0, 133, 200))
    product = next(p for p in hub.products if p.collection == "landsat-ot-l1" and p.time == item.time)
    bands = product.read()
    np.testing.assert_array_equal(found[0], bands["B05"])
    np.testing.assert_array_equal(found[1], np.where(bands["B04"] > 0, bands["BQA"], 0))
    radar = source_of(hub, "sentinel-1-grd")
    place = PixelGrid("EPSG:32633", 546_000.0, 5_156_000.0, 10.0, 10.0)
    seen = radar.read(radar.find(*YEAR, EARTH)[0], ("VV", "VH"), place, Window(0, 0, 50, 60))
    power = next(p for p in hub.products if p.collection == "sentinel-1-grd").read()["VV"][:50, :60]
    np.testing.assert_allclose(seen[0] / 1000.0 - 50.0, 10.0 * np.log10(power), atol=0.001)


def test_a_wrong_evalscript_gives_a_wrong_picture(hub, monkeypatch):
    right = read(source_of(hub))
    script = COLLECTIONS["sentinel-2-l1c"].evalscript(("B02", "B8A"))
    spoilt = script.replace("s.B02", "s.B8A", 1)
    assert spoilt != script
    monkeypatch.setattr(Collection, "evalscript", lambda *_: spoilt)
    assert (read(source_of(hub))[0] != right[0]).any()


def test_a_wide_window_is_cut_into_requests_and_priced_so(hub):
    source = source_of(hub)
    item = source.find(*YEAR, EARTH)[0]
    price = source.price(item, ("B02", "B03", "B04"), Window(0, 0, 4000, 5001))
    assert price.requests == 2 * 3
    assert price.units == pytest.approx(4000 * 5001 / 512**2)
    assert source.price(item, ("B02",), Window(0, 0, 5, 5)).units == 0.005
    assert source.price(item, ("B02", "B03", "B04"), Window(0, 0, 5, 5)).units == 0.01


# The account


def test_the_token_is_renewed_before_it_ends(hub):
    hub.token_seconds = 121  # sentinelhub-py renews two minutes before the end
    source = source_of(hub)
    source.sign_in()
    hub.token_seconds = 600
    time.sleep(1.7)  # the end may be rounded by half a second
    read(source)
    assert hub.requests["token"] == 2


def test_the_account_tells_what_is_left(hub):
    hub.quota = 21_340.0
    assert source_of(hub).quota().units == 21_340.0


def test_a_profile_of_sentinelhub_py_is_an_account(hub, monkeypatch, tmp_path):
    monkeypatch.delenv("SH_CLIENT_ID")
    monkeypatch.delenv("SH_CLIENT_SECRET")
    monkeypatch.setenv("HOME", str(tmp_path))
    from sentinelhub import SHConfig

    with pytest.raises(ParameterError, match=r"Account \(AUTH\) is missing"):
        source_of(hub).sign_in()
    config = SHConfig(use_defaults=True)
    config.sh_client_id, config.sh_client_secret = hub.client_id, hub.client_secret
    config.save("mine")
    SentinelHubSource(Service((), hub.url, None, "mine")).sign_in()
    with pytest.raises(ParameterError, match="has no profile 'other'"):
        SentinelHubSource(Service((), hub.url, None, "other")).sign_in()


def test_addresses_follow_from_the_service():
    def config(**given):
        found = SentinelHubSource(Service(**given))._config_without_account
        return found.sh_base_url, found.sh_token_url

    main = "https://services.sentinel-hub.com"
    assert config(url="sentinelhub") == (main, f"{main}/auth/realms/main/protocol/openid-connect/token")
    assert config(url="cdse") == (
        "https://sh.dataspace.copernicus.eu",
        "https://identity.dataspace.copernicus.eu/auth/realms/CDSE/protocol/openid-connect/token",
    )
    assert config(url="https://own.org/", token_url="https://own.org/t") == ("https://own.org", "https://own.org/t")
    with pytest.raises(ParameterError, match="SERVICE_URL"):
        config(url="somewhere")
    landsat = SentinelHubSource(Service(("landsat-ot-l1",), "sentinelhub"))
    assert "uswest2" in landsat._config_of(COLLECTIONS["landsat-ot-l1"]).sh_base_url


# Failures


@pytest.mark.parametrize("kind", ["429", "bare 429", "503", "500", "reset", "cut", "slow", "expired"])
def test_what_fails_for_a_while_is_asked_again(hub, tmp_path, kind):
    expected = read(source_of(hub))
    hub.requests.clear()
    hub.paid.clear()
    hub.searches_paid = 0.0
    hub.fail_at = {1: kind, 2: kind}
    ledger = Ledger(tmp_path / "downloads.csv")
    np.testing.assert_array_equal(read(source_of(hub, ledger=ledger)), expected)
    assert hub.requests["process"] == (1 if kind == "slow" else 3)
    paid = {"reset": 3, "cut": 3}.get(kind, 1)
    assert len(hub.paid) == paid
    rows = list(csv.DictReader((tmp_path / "downloads.csv").open()))
    final = {row["request"]: row for row in rows}
    units = sum(float(row["processing_units"]) for row in final.values())
    assert units == pytest.approx(hub.units_paid + hub.searches_paid, abs=1e-5)


@pytest.mark.parametrize(
    ("spoil", "error", "told", "attempts"),
    [
        (lambda hub: setattr(hub, "quota", 0.001), ServiceError, "quota is used up", 1),
        (lambda hub: setattr(hub, "fail_at", dict.fromkeys(range(1, 99), "503")), DataError, "the service fails", 8),
        (lambda hub: setattr(hub, "fail_at", dict.fromkeys(range(1, 99), "reset")), ServiceError, "no connection", 6),
        (lambda hub: setattr(hub, "fail_at", dict.fromkeys(range(1, 99), "expired")), ServiceError, "the token", 4),
    ],
)
def test_what_goes_on_failing_is_told(hub, spoil, error, told, attempts):
    source = source_of(hub)
    item = source.find(*YEAR, EARTH)[0]
    spoil(hub)
    with pytest.raises(error, match=told):
        source.read(item, ("B02",), GRID, WINDOW)
    assert hub.requests["process"] == attempts
    assert not hub.paid or told == "no connection"


def test_a_wrong_secret_is_told_at_once_and_without_the_secret(hub, monkeypatch):
    monkeypatch.setenv("SH_CLIENT_SECRET", "wr0ng-secret")
    with pytest.raises(ServiceError, match="does not accept the account") as told:
        source_of(hub).find(*YEAR, EARTH)
    assert "wr0ng-secret" not in str(told.value)
    assert hub.client_id not in str(told.value)
    assert hub.requests["token"] == 1


def test_unknown_collections_are_told(hub):
    with pytest.raises(ParameterError, match="'sentinel-9' is not one of sentinel-2-l1c"):
        source_of(hub, "sentinel-9")
    hub.deployment = "sentinelhub"
    with pytest.raises(ServiceError, match="Illegal collection landsat-ot-l1"):
        source_of(hub, "landsat-ot-l1").find(*YEAR, EARTH)


def test_the_budget_is_never_exceeded(hub, tmp_path):
    price = 90 * 70 / 512**2 * 2 / 3
    found = sorted(source_of(hub).find(*YEAR, EARTH), key=lambda item: -item.footprint.area)
    for numbers in ((1, 2, 3), (3,)):
        source = source_of(hub, ledger=Ledger(tmp_path / "downloads.csv", budget=2.5 * price))
        for number in numbers[:-1]:
            source.read(found[number], ("B02", "B8A"), GRID, WINDOW)
        with pytest.raises(ServiceError, match="budget is used up"):
            source.read(found[numbers[-1]], ("B02", "B8A"), GRID, WINDOW)
    assert len(hub.paid) == 2


# Whole runs by the command line


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    from patchwork.core.imagery.sources.sample.source import write_reference

    return write_reference(tmp_path_factory.mktemp("reference") / "sample.gpkg")


@pytest.fixture(scope="module")
def sample_map(reference, tmp_path_factory):
    folder = tmp_path_factory.mktemp("sample map")
    done = engine("makemap", "--source", "sample", *options(folder, reference))
    assert done.returncode == 0, done.stderr
    return folder


def options(folder, reference):
    fields = ("--reference", reference, "--class-field", "class_id", "--per-class", 200, "--validation", "polygons")
    return ("--workspace", folder, "--area", AREA_OPTION, "--patch-size", 1500, *SUMMER, *fields)


def engine(*arguments, **environment):
    command = [sys.executable, "-m", "patchwork.core", *map(str, arguments)]
    env = {**os.environ, **{name: str(value) for name, value in environment.items()}}
    return subprocess.run(command, capture_output=True, text=True, env=env, timeout=300, check=False)


def hub_run(hub, folder, reference, *more):
    return engine("makemap", *hub.options, *options(folder, reference), *more)


def assert_same_maps(folder, other):
    for name in RASTERS:
        with rasterio.open(folder / f"{name}.tif") as a, rasterio.open(other / f"{name}.tif") as b:
            np.testing.assert_array_equal(a.read(), b.read(), err_msg=name)


def test_the_map_is_that_of_the_sample_source_and_costs_what_was_said(hub, sample_map, reference, tmp_path):
    folder = tmp_path / "Wörk space"
    done = hub_run(hub, folder, reference)
    assert done.returncode == 0, done.stderr
    assert_same_maps(folder, sample_map)
    told = re.search(r"To fetch: ([\d,]+) requests, ([\d,.]+) processing units, ([\d,]+) MB", done.stderr)
    assert int(told[1].replace(",", "")) == hub.requests["process"] == len(hub.paid)
    assert "The account has 30,000 processing units left." in done.stderr
    again = hub_run(hub, folder, reference)
    assert again.returncode == 0
    assert hub.requests["process"] == len(hub.paid) == int(told[1])
    secrets = [hub.client_secret, hub.client_id]
    for file in (path for path in folder.rglob("*") if path.is_file()):
        content = file.read_bytes()
        assert not any(secret.encode() in content for secret in secrets), file
    assert not any(secret in done.stderr + done.stdout for secret in secrets)


def test_the_estimate_is_what_the_server_counts(hub, tmp_path):
    engine("splitarea", "--workspace", tmp_path, "--area", AREA_OPTION, "--source", "sentinelhub", "--patch-size", 1500)
    said = engine("findscenes", "--workspace", tmp_path, *hub.options, *SUMMER)
    outputs = json.loads(said.stdout)
    done = engine("downloadscenes", "--workspace", tmp_path, *hub.options, *SUMMER)
    assert done.returncode == 0, done.stderr
    assert outputs["REQUESTS"] == len(hub.paid)
    assert outputs["PROCESSING_UNITS"] == pytest.approx(hub.units_paid, rel=0.01)
    assert outputs["DOWNLOAD_MB"] == pytest.approx(sum(bill["bytes"] for bill in hub.paid) / 1e6, rel=0.3)
    cells = [bill for bill in hub.paid if '"B10"' in bill["key"]]
    assert len(cells) == len(hub.paid) / 2
    assert sum(bill["units"] for bill in cells) < 0.5 * hub.units_paid


def test_with_faults_in_one_request_of_five_the_map_is_the_same(hub, sample_map, reference, tmp_path):
    hub.fault_share = 0.2
    done = hub_run(hub, tmp_path, reference)
    assert done.returncode == 0, done.stderr
    hub.fault_share = 0.0
    assert_same_maps(tmp_path, sample_map)
    assert hub.requests["process"] > len({bill["key"] for bill in hub.paid})
    assert hub.paid_twice() == []


def test_killed_ten_times_nothing_that_arrived_is_asked_for_again(hub, sample_map, reference, tmp_path):
    moments = random.Random(3)
    hub.latency = 0.5
    command = [sys.executable, "-m", "patchwork.core", "downloadscenes", "--workspace", str(tmp_path), *hub.options]
    engine("splitarea", "--workspace", tmp_path, "--area", AREA_OPTION, "--source", "sentinelhub", "--patch-size", 700)
    kills = 0
    for _ in range(10):
        there = set(tmp_path.glob("*/*/*.tif"))
        stamps = {path: path.stat().st_mtime_ns for path in there}
        with subprocess.Popen([*command, *SUMMER, "--connections", "2"], stderr=subprocess.DEVNULL) as run:
            time.sleep(moments.uniform(1.0, 2.0))
            kills += run.poll() is None
            run.send_signal(signal.SIGKILL)
        assert {path: path.stat().st_mtime_ns for path in there} == stamps
    assert kills == 10
    hub.latency = 0.0
    done = hub_run(hub, tmp_path, reference, "--patch-size", 700)
    assert done.returncode == 0, done.stderr
    assert_same_maps(tmp_path, sample_map)
    keys = [bill["key"] for bill in hub.paid]
    # When the process is killed, two answers are in transit, and at most two more are being written.
    assert len(keys) - len(set(keys)) <= 4 * kills
    assert not list(tmp_path.rglob(".part-*"))


@pytest.mark.parametrize(
    ("collections", "more", "methods", "bands"),
    [
        ("sentinel-2-l1c,sentinel-1-grd", (), {"s2cloudless", "none"}, {"B04", "VV", "VH"}),
        ("sentinel-2-l2a", (), {"scl"}, {"B04", "SCL"}),
        ("sentinel-2-l2a", ("--method", "clp"), {"clp"}, {"B04", "CLP"}),
        ("landsat-ot-l1", ("--resolution", 30), {"qa"}, {"B04", "QA"}),
    ],
)
def test_other_collections_come_to_a_map(hub, reference, tmp_path, collections, more, methods, bands):
    small = ("--area", "546300,5154500,547500,5155700,EPSG:32633", "--start", "2019-05-01", "--end", "2019-06-30")
    done = hub_run(hub, tmp_path, reference, "--collection", collections, *small, *more)
    assert done.returncode == 0, done.stderr
    settings = json.loads((tmp_path / "records" / "maskclouds.json").read_text())["settings"]
    assert set(settings["methods"]) == methods
    catalogue = json.loads((tmp_path / "scenes.json").read_text())["acquisitions"]
    assert bands <= {band for item in catalogue for band in item["bands"]}
    plan = json.loads((tmp_path / "records" / "drawsamples.json").read_text())["plan"]
    assert ("VV" in plan["bands"]) == ("sentinel-1" in collections)
    with rasterio.open(tmp_path / "map.tif") as file, rasterio.open(tmp_path / "valid_count.tif") as count:
        mapped, seen = file.read(1) > 0, count.read(1) > 0
    assert (mapped == seen).all()
    assert mapped.mean() > 0.2


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        ({"SH_CLIENT_SECRET": "wrong"}, "does not accept the account"),
        ({"REQUESTS_CA_BUNDLE": ""}, "is not trusted"),
        ({"HTTPS_PROXY": "http://127.0.0.1:9"}, "proxy"),
        ({"SH_CLIENT_ID": ""}, r"Account \(AUTH\) is missing"),
    ],
)
def test_a_run_that_cannot_sign_in_says_why_and_goes_on_later(hub, tmp_path, environment, told):
    engine("splitarea", "--workspace", tmp_path, "--area", AREA_OPTION, "--source", "sentinelhub")
    wanted = ("downloadscenes", "--workspace", tmp_path, *hub.options, "--start", "2019-06-01", "--end", "2019-06-30")
    failed = engine(*wanted, **environment)
    assert failed.returncode == (2 if "missing" in told else 1)
    assert re.search(told, failed.stderr), failed.stderr
    assert "Traceback" not in failed.stderr
    assert engine(*wanted).returncode == 0


def test_no_network_is_told_soon(hub, tmp_path):
    engine("splitarea", "--workspace", tmp_path, "--area", AREA_OPTION, "--source", "sentinelhub")
    service = ("--source", "sentinelhub", "--service-url", "https://localhost:9")
    failed = engine("findscenes", "--workspace", tmp_path, *service, *SUMMER)
    assert failed.returncode == 1
    assert "no connection" in failed.stderr
    assert "Check the network" in failed.stderr


def test_a_used_up_quota_stops_the_run_and_it_goes_on_when_there_is_more(hub, tmp_path):
    engine("splitarea", "--workspace", tmp_path, "--area", AREA_OPTION, "--source", "sentinelhub", "--patch-size", 700)
    hub.quota = 0.3
    wanted = ("downloadscenes", "--workspace", tmp_path, *hub.options, *SUMMER)
    failed = engine(*wanted)
    assert failed.returncode == 1
    assert "quota is used up" in failed.stderr
    kept, arrived = len(list(tmp_path.glob("*/*/*.tif"))), len(hub.paid)
    assert kept >= arrived > 0
    hub.quota = 1000.0
    assert engine(*wanted).returncode == 0
    assert hub.paid_twice() == []


def test_the_secret_is_on_no_command_line(hub, tmp_path):
    engine("splitarea", "--workspace", tmp_path, "--area", AREA_OPTION, "--source", "sentinelhub", "--patch-size", 700)
    hub.latency = 0.3
    command = [sys.executable, "-m", "patchwork.core", "downloadscenes", "--workspace", str(tmp_path), *hub.options]
    with subprocess.Popen([*command, *SUMMER], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as run:
        while run.poll() is None and not hub.paid:
            time.sleep(0.05)
        lines = [path.read_bytes() for path in Path("/proc").glob("[0-9]*/cmdline") if _readable(path)]
        run.kill()
    assert any(b"downloadscenes" in line for line in lines)
    assert not any(hub.client_secret.encode() in line for line in lines)


def _readable(path):
    try:
        return bool(path.read_bytes())
    except OSError:
        return False


def test_the_simulation_is_the_ground_of_the_server(hub):
    """The oracle above is independent of the client: the server's images are the simulation's pixels."""
    item = next(p for p in hub.products if p.collection == "sentinel-2-l1c")
    region = simulation.load_region()
    seen = next(each for each in simulation.passes(region) if each.time == item.time)
    pixels = simulation.render(region, seen, 0, 0, region.height, region.width)
    left = item.read()["B02"][:, :300]
    np.testing.assert_array_equal(left, pixels[1][:, :300])
    assert item.time == datetime.strptime(item.id[11:26], "%Y%m%dT%H%M%S").replace(tzinfo=timezone.utc)
