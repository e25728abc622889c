"""The test server answers like the real services."""

import copy
import io
import json
import tarfile

import pytest
import requests
from services import ground
from services.hub import Hub

from patchwork.core.imagery.sources.sentinel_hub.collections import COLLECTIONS

L1C = COLLECTIONS["sentinel-2-l1c"]


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
        "output": {"width": 50, "height": 40, "responses": [{"identifier": "default"}]},
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
    responses = [{"identifier": "default"}, {"identifier": "userdata", "format": {"type": "application/json"}}]
    answer = ask(lambda body: body["output"].update(responses=responses))
    with tarfile.open(fileobj=io.BytesIO(answer.content)) as tar:
        assert tar.getnames() == ["default.tif", "userdata.json"]


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
    ("change", "told"),
    [
        (_wide, "larger than allowed 2500"),
        (_unknown_band, "B99"),
        (_broken_script, "Failed to evaluate script"),
        (_no_bounds, "bounds"),
        (_upside_down, "Invalid bounding box"),
    ],
)
def test_what_the_service_does_not_take_is_a_400(ask, hub, realdata, change, told):
    before = len(hub.paid)
    answer = ask(change)
    assert answer.status_code == 400
    said = answer.json()
    assert told in said["error"]["message"]
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
