"""The test server answers like the real services."""

import copy
import io
import json
import tarfile

import pytest
import requests
from services import ground
from services.catalogue import search
from services.collections import RefusedError, dataset
from services.hub import Hub

from patchwork.core.imagery.sources.sentinel_hub.collections import COLLECTIONS

L1C = COLLECTIONS["sentinel-2-l1c"]
DEFAULT = {"identifier": "default", "format": {"type": "image/tiff"}}


@pytest.fixture(scope="module")
def hub():
    with Hub(ground.products()) as server:
        yield server


@pytest.fixture(scope="module")
def ask(hub):
    """`ask(change)` sends a Process request after `change` has been made to it."""
    form = {"grant_type": "client_credentials", "client_id": hub.client_id, "client_secret": hub.client_secret}
    token = requests.post(hub.token_url, data=form, verify=str(hub.authority), timeout=10).json()["access_token"]
    crs = {"crs": "http://www.opengis.net/def/crs/EPSG/0/32633"}
    times = {"from": "2019-06-01T00:00:00Z", "to": "2019-06-30T23:59:59Z"}
    usual = {
        "input": {
            "bounds": {"bbox": [547_000, 5_154_000, 547_500, 5_154_400], "properties": crs},
            "data": [{"type": L1C.id, "dataFilter": {"timeRange": times}, "processing": dict(L1C.processing)}],
        },
        "output": {"width": 50, "height": 40, "responses": [dict(DEFAULT)]},
        "evalscript": L1C.evalscript(("B02", "B04")),
    }

    def send(change=lambda body: None, headers=None):
        body = copy.deepcopy(usual)
        change(body)
        sent = {"Authorization": f"Bearer {token}", **(headers or {})}
        return requests.post(
            f"{hub.url}/api/v1/process", json=body, headers=sent, verify=str(hub.authority), timeout=20
        )

    return send


def real(realdata, status, word):
    """The body of a real error."""
    errors = json.loads((realdata / "service" / "errors.json").read_text())
    return next(e["body"] for e in errors if e["status"] == status and word in json.dumps(e.get("body")))


def test_a_picture_comes_with_its_price(ask, realdata):
    answer = ask()
    assert answer.headers["Content-Type"] == "image/tiff"
    assert float(answer.headers["x-processingunits-spent"]) == pytest.approx(0.01 * 2 / 3)
    held = json.loads((realdata / "service" / "response_headers_200.json").read_text())
    assert "x-processingunits-spent" in held["process_api_200_png"]


def test_several_answers_come_as_a_tar(ask):
    responses = [DEFAULT, {"identifier": "userdata", "format": {"type": "application/json"}}]
    answer = ask(lambda body: body["output"].update(responses=responses), {"Accept": "application/tar"})
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert tar.getnames() == ["default.tif", "userdata.json"]


def test_an_image_is_a_png_unless_a_format_is_given(ask):
    answer = ask(lambda body: body["output"].update(responses=[{"identifier": "default"}]))
    assert answer.headers["Content-Type"] == "image/png"
    assert ask(headers={"Accept": "image/png"}).status_code == 406


def _radar(**processing):
    """A request for radar with these options."""

    def change(body):
        radar = COLLECTIONS["sentinel-1-grd"]
        body["input"]["data"][0].update(type=radar.id, processing={**radar.processing, **processing})
        body["evalscript"] = radar.evalscript(("VV", "VH"))

    return change


def _data(**given):
    return lambda body: body["input"]["data"][0].update(given)


def _processing(**given):
    return lambda body: body["input"]["data"][0]["processing"].update(given)


def _filter(**given):
    return lambda body: body["input"]["data"][0]["dataFilter"].update(given)


def _script(old, new):
    return lambda body: body.update(evalscript=body["evalscript"].replace(old, new))


def _epsg(code):
    return lambda body: body["input"]["bounds"]["properties"].update(
        crs=f"http://www.opengis.net/def/crs/EPSG/0/{code}"
    )


def _both_sizes(body):
    body["output"].update(resx=10, resy=10)


def _coarse(body):
    body["input"]["bounds"]["bbox"] = [400_000, 5_000_000, 480_000, 5_064_000]


def _several(body):
    body["output"]["responses"].append({"identifier": "userdata", "format": {"type": "application/json"}})


def _radar_in_numbers(body):
    _radar()(body)
    _script("LINEAR_POWER", "DN")(body)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_data(colour="red"), "colour"),
        (_filter(maxCloudCover=3), "maxCloudCover"),
        (_filter(mosaickingOrder="newest"), "newest"),
        (_processing(backCoeff="GAMMA0_TERRAIN"), "backCoeff"),
        (_processing(harmonizeValues="yes"), "harmonizeValues"),
        (_processing(upsampling="CUBIC"), "CUBIC"),
        (_radar(orthorectify=False), "Orthorectification"),
        (_radar(demInstance="SRTM"), "SRTM"),
        (_radar(harmonizeValues=True), "harmonizeValues"),
        (_radar_in_numbers, "Illegal unit DN"),
        (_data(type="sentinel-2-l3"), "Illegal collection"),
        (_epsg(31370), "Unsupported crs"),
        (_both_sizes, "Only one pair"),
        (_coarse, "1600.00 meters per pixel exceeds"),
        (_several, "Accept header"),
        (_script("//VERSION=3", ""), "VERSION=3"),
        (_script("units: ['DN', 'DN', 'DN']", "units: ['DN']"), "1 units for 3 bands"),
        (_script("output:", "mosaicking: 'ORBIT', output:"), "ORBIT"),
    ],
)
def test_what_the_documentation_does_not_list_is_a_400(ask, change, message):
    answer = ask(change)
    assert answer.status_code == 400
    assert message in answer.json()["error"]["message"]


def test_terrain_correction_costs_two_and_a_half_times_as_much(ask):
    assert float(ask(_radar()).headers["x-processingunits-spent"]) == pytest.approx(0.01 * 2 / 3 * 2.5)
    plain = ask(_radar(backCoeff="GAMMA0_ELLIPSOID"))
    assert float(plain.headers["x-processingunits-spent"]) == pytest.approx(0.01 * 2 / 3 * 2)


@pytest.mark.parametrize(
    ("deployment", "collection", "band", "message"),
    [
        ("cdse", "sentinel-2-l2a", "CLP", "has no band CLP"),
        ("cdse", "sentinel-2-l1c", "CLP", "has no band CLP"),
        ("cdse", "landsat-ot-l2", "B04", "Illegal collection"),
        ("sentinelhub", "landsat-ot-l1", "B04", "Illegal collection"),
        ("uswest2", "sentinel-2-l1c", "B04", "Illegal collection"),
    ],
)
def test_a_deployment_has_its_own_collections_and_bands(deployment, collection, band, message):
    with pytest.raises(RefusedError, match=message):
        dataset(collection, deployment).unit(band, None)


def test_the_catalogue_wants_a_time_and_takes_100_a_page():
    usual = {"bbox": [14, 46, 17, 47], "collections": [L1C.id], "datetime": "2019-01-01T00:00:00Z/2019-12-31T23:59:59Z"}
    assert len(search(ground.products(), {**usual, "limit": 100})["features"]) > 10
    wrong = ({"limit": 101}, {"datetime": None}, {"colour": "red"}, {"collections": ["landsat-ot-l3"]}, {"next": "5"})
    for change in wrong:
        body = {name: value for name, value in {**usual, **change}.items() if value is not None}
        with pytest.raises(RefusedError):
            search(ground.products(), body)


def test_the_copernicus_catalogue_has_ids_with_endings_and_times_with_fractions():
    usual = {"bbox": [14, 46, 17, 47], "datetime": "2019-01-01T00:00:00Z/2019-12-31T23:59:59Z"}
    for collection, ending in (("sentinel-2-l2a", ".SAFE"), ("sentinel-1-grd", "_COG.SAFE")):
        (first, *_) = search(ground.products(), {**usual, "collections": [collection]}, "cdse")["features"]
        assert first["id"].endswith(ending)
        assert "." in first["properties"]["datetime"]


def test_sign_in_wants_the_grant_type(hub):
    form = {"client_id": hub.client_id, "client_secret": hub.client_secret}
    answer = requests.post(hub.token_url, data=form, verify=str(hub.authority), timeout=10)
    assert answer.status_code == 400
    assert answer.json()["error"] == "unsupported_grant_type"


def _wide(body):
    body["output"]["width"] = 2501


def _unknown_band(body):
    body["evalscript"] = body["evalscript"].replace("B04", "B99")


def _broken_script(body):
    body["evalscript"] = "//VERSION=3\nfunction setup() { return nothing"


def _no_bounds(body):
    del body["input"]["bounds"]


def _upside_down(body):
    body["input"]["bounds"]["bbox"] = [5, 5, 1, 1]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_wide, "larger than allowed 2500"),
        (_unknown_band, "B99"),
        (_broken_script, "Failed to evaluate script"),
        (_no_bounds, "bounds"),
        (_upside_down, "Invalid bounding box"),
    ],
)
def test_what_the_service_does_not_take_is_a_400(ask, hub, realdata, change, message):
    before = len(hub.paid)
    answer = ask(change)
    assert answer.status_code == 400
    said = answer.json()
    assert message in said["error"]["message"]
    assert set(said["error"]) <= set(real(realdata, 400, "larger than allowed")["error"])
    assert len(hub.paid) == before


def test_a_token_of_somebody_else_is_a_401(ask, realdata):
    answer = ask(headers={"Authorization": "Bearer of.bad.news"})
    assert answer.status_code == 401
    assert answer.json() == real(realdata, 401, "COMMON_UNAUTHORIZED")


def test_a_used_up_quota_is_a_403(ask, hub, realdata):
    hub.quota, before = 0.0, hub.quota
    answer = ask()
    hub.quota = before
    assert answer.status_code == 403
    assert answer.json() == real(realdata, 403, "INSUFFICIENT_PROCESSING_UNITS")


def test_too_many_requests_are_told_when_to_come_again(ask, hub):
    hub.per_minute = 60
    answers = [ask() for _ in range(3)]
    hub.per_minute = None
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert 0 < int(refused[0].headers["Retry-After"]) <= 1001  # milliseconds
