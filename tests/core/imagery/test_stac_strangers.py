"""Catalogues of strangers: they lead to no file, no other host with secrets, and no search without an end."""

import json
import pickle
import subprocess
import sys
import threading
from contextlib import nullcontext
from datetime import date, datetime, timedelta, timezone
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from services.stac import COLLECTION, StacServer, write_item

from patchwork.core.errors import DataError, ParameterError, PatchworkError, ServiceError
from patchwork.core.grid.pixel_grid import PixelGrid
from patchwork.core.grid.windows import Window
from patchwork.core.imagery.sources.services import Service, public_address, public_text
from patchwork.core.imagery.sources.stac import addresses, api, assets, reading
from patchwork.core.imagery.sources.stac.addresses import web_address
from patchwork.core.imagery.sources.stac.source import StacSource, open_stac
from patchwork.core.store.acquisitions import Acquisition

EVERYWHERE = shapely.box(-180, -90, 180, 90)
YEAR = date(2018, 1, 1), date(2018, 12, 31)
PLACE = {"crs": "EPSG:32633", "affine": Affine(10, 0, 500_040, 0, -10, 5_100_000)}
GRID = PixelGrid("EPSG:32633", 500_040.0, 5_100_000.0, 10.0, 10.0)
WHOLE = Window(0, 0, 60, 60)
GROUND = {"B02": np.random.default_rng(1).integers(1, 9000, (60, 60))}
HOST = "https://catalogue.example.org"


@pytest.fixture(autouse=True)
def no_long_waits(monkeypatch):
    monkeypatch.setattr(api, "FIRST_WAIT", 0.01)
    monkeypatch.setattr(reading, "FIRST_WAIT", 0.01)
    reading._opened.__dict__.clear()  # ports are used again


@pytest.fixture
def server(tmp_path):
    item = write_item(tmp_path, "one", "2018-07-01T10:00:00Z", GROUND, **PLACE, raster={"scale": 1e-4, "offset": 0})
    with StacServer(tmp_path, [item]) as running:
        yield running


@pytest.fixture
def listener():
    """Another server: the requests that reach it."""
    seen = []

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            """Write no log."""

        def do_GET(self):
            seen.append((self.path, dict(self.headers)))
            self.send_response(404)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_POST = do_HEAD = do_GET  # noqa: N815

    other = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=other.serve_forever, daemon=True).start()
    seen_at = f"http://127.0.0.1:{other.server_port}"
    yield seen_at, seen
    other.shutdown()
    other.server_close()


def source_of(server):
    return StacSource(server.url, (COLLECTION,))


def set_href(server, href):
    server.items[0]["assets"]["blue"]["href"] = href


def pixels_of(server):
    source = source_of(server)
    return source.read(source.find(*YEAR, EVERYWHERE)[0], ("B02",), GRID, WHOLE)[0]


def kept(found):
    """The acquisition as another run reads it from the workspace, and the text there."""
    item = Acquisition(found.time, found.identity, found.bands, found.footprint, facts=found.facts)
    text = json.dumps(item.to_json())
    return Acquisition.from_json(json.loads(text)), text


def local_image(folder):
    file = folder / "local.tif"
    profile = {"driver": "GTiff", "count": 1, "height": 60, "width": 60, "dtype": "uint16"}
    with rasterio.open(file, "w", crs=PLACE["crs"], transform=PLACE["affine"], **profile) as image:
        image.write(np.full((1, 60, 60), 1234, np.uint16))
    return file


VRT = (
    '<VRTDataset rasterXSize="60" rasterYSize="60"><VRTRasterBand dataType="UInt16" band="1"><SimpleSource>'
    "<SourceFilename>{file}</SourceFilename><SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
)
LOCAL = {
    "file address": "file://{file}",
    "inline VRT": VRT,
    "driver prefix": "GTIFF_DIR:1:{file}",
    "quoted driver prefix": 'NETCDF:"{file}":a',
    "GDAL's own path": "/vsigzip/{file}",
    "path in a zip": "/vsizip/{{{file}}}",
    "options of vsicurl": "/vsicurl?header_file={file}&url={other}/x.tif",
    "vsicurl": "/vsicurl/{other}/x.tif",
    "path of Windows": "C:\\{file}",
    "share": "\\\\127.0.0.1\\share\\x.tif",
    "line break": "{other}/x.tif\r\nX-Header: 1",
    "another scheme": "ftp://127.0.0.1/x.tif",
    "sub-data set of a raw file": "vrt://{file}",
}


@pytest.mark.parametrize("how", LOCAL)
def test_an_address_that_is_not_on_the_web_is_refused_at_the_search(server, listener, tmp_path, how):
    other, seen = listener
    file = local_image(tmp_path)
    set_href(server, LOCAL[how].format(file=file, other=other))
    with pytest.raises(ServiceError, match=r"The catalogue gives .* as an address") as refused:
        source_of(server).find(*YEAR, EVERYWHERE)
    assert "Nothing was read" in str(refused.value)
    assert seen == []


@pytest.mark.parametrize("how", ["path", "climbing path"])
def test_a_path_is_a_place_on_the_server_never_a_file_here(server, tmp_path, how):
    file = local_image(tmp_path)
    set_href(server, str(file) if how == "path" else f"../../../../../..{file}")
    with pytest.raises(DataError, match=f"{server.url}{file} cannot be read: there is no such image"):
        pixels_of(server)


def test_a_stored_address_is_checked_again(server, tmp_path):
    found = source_of(server).find(*YEAR, EVERYWHERE)[0]
    found.facts["tiles"][0]["images"]["B02"][0] = f"file://{local_image(tmp_path)}"
    with pytest.raises(ServiceError, match="as an address"):
        source_of(server).read(found, ("B02",), GRID, WHOLE)


def test_relative_addresses_start_at_the_item(server):
    expected = pixels_of(server)
    set_href(server, "../files/one/B02.tif")
    server.items[0]["links"] = [{"rel": "self", "href": f"{server.url}/items/one"}]
    np.testing.assert_array_equal(pixels_of(server), expected)


@pytest.mark.parametrize("what", ["VRT", "GeoTIFF with an overview elsewhere"])
def test_an_image_that_refers_to_other_files_is_not_read(server, listener, tmp_path, what):
    other, seen = listener
    file, local = tmp_path / "one" / "B02.tif", local_image(tmp_path)
    if what == "VRT":
        file.write_text(VRT.format(file=local))
    else:
        with rasterio.open(local) as image:
            profile, pixels = image.profile, image.read()
        with rasterio.open(file, "w", **profile) as image:
            image.write(pixels)
            image.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=f"/vsicurl/{other}/leak.tif")
    with pytest.raises(DataError, match=r"B02\.tif(: its overviews are in another file| cannot be read)"):
        pixels_of(server)
    assert seen == []


def test_side_files_are_not_asked_for(server):
    pixels_of(server)
    assert {name for name in server.requests if not name.endswith(".tif")} == set()


@pytest.mark.parametrize("target", ["file:///etc/hostname", "/vsicurl/http://127.0.0.1/x", "gopher://127.0.0.1/"])
def test_redirections_of_the_search_stay_on_the_web(server, target):
    server.answers["/search"] = [(302, {"Location": target})]
    with pytest.raises(ServiceError, match="as an address"):
        source_of(server).find(*YEAR, EVERYWHERE)


def test_redirections_of_images_do_not_reach_files(server, tmp_path):
    server.answers["B02.tif"] = [(302, {"Location": f"file://{local_image(tmp_path)}"})] * 40
    with pytest.raises(PatchworkError, match=r"cannot be read|as an address"):
        pixels_of(server)


def test_an_image_is_not_read_from_where_an_outer_host_redirects_to(server, monkeypatch):
    """This machine plays an outer host: only the numbers of "inner.test" are those of this machine."""
    inner = "http://inner.test/secret.tif"
    monkeypatch.setattr(addresses, "_is_this_machine", lambda host: host in ("10.9.9.9", "localhost"))
    monkeypatch.setattr(addresses, "_leads_here", lambda host: host == "inner.test")
    server.answers["B02.tif"] = [(302, {"Location": inner})] * 40
    with pytest.raises(PatchworkError, match="an address of this computer"):
        pixels_of(server)


def test_an_image_is_read_where_an_allowed_redirection_leads(server):
    expected = pixels_of(server)
    moved = next(name for name in server.requests if name.endswith("B02.tif"))
    server.answers["B02.tif"] = [(302, {"Location": moved})]
    np.testing.assert_array_equal(pixels_of(server), expected)


@pytest.mark.parametrize(("number", "refused"), [("127.0.0.1", True), ("::1", True), ("93.184.216.34", False)])
def test_names_that_stand_for_this_machine_are_refused(monkeypatch, number, refused):
    addresses._leads_here.cache_clear()
    numbers = {"inner.test": number, "outer.test": "93.184.216.34"}
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda host, port: [(0, 0, 0, "", (numbers[host], 0))])
    with pytest.raises(ServiceError, match="an address of this computer") if refused else nullcontext():
        addresses.refuse_this_machine("https://inner.test/x.tif", "https://outer.test")
    addresses._leads_here.cache_clear()


REFUSED = ["http://catalogue.example.org/x.tif", "https://127.0.0.1/x.tif", "https://localhost/x.tif"]
REFUSED += ["https://[::1]/x.tif", "https://2130706433/x.tif", "https://127.1/x.tif", "https://a.localhost./x.tif"]
REFUSED += ["https://169.254.169.254/latest", "https://0.0.0.0/x", "https://[::ffff:127.0.0.1]/x"]


@pytest.mark.parametrize("link", REFUSED)
def test_an_outer_catalogue_does_not_lead_to_this_computer_or_to_plain_http(link):
    with pytest.raises(ServiceError, match="as an address"):
        web_address(link, HOST, HOST)


def test_addresses_are_joined_and_quoted():
    assert web_address("a b.tif".replace(" ", "%20"), f"{HOST}/items/one", HOST) == f"{HOST}/items/a%20b.tif"
    assert web_address("https://u:p@other.org:444/ä.tif?sig=a%2Bb#x", HOST, HOST) == (
        "https://other.org:444/%C3%A4.tif?sig=a%2Bb"
    )
    assert web_address("http://other.org/x", "http://mine.org", "http://mine.org") == "http://other.org/x"


def test_secrets_of_the_address_reach_the_service_alone(server, listener, tmp_path):
    other, seen = listener
    server.key, server.account = "k3y", "user:pass:w0rd"
    url = server.url.replace("://", "://user:pass:w0rd@") + "?key=k3y"
    source = StacSource(url, (COLLECTION,))
    (found,) = source.find(*YEAR, EVERYWHERE)
    assert source.imagery == f"{server.url} {COLLECTION}"
    _, text = kept(found)
    server.next_link = lambda body, first: {"href": f"{other}/search", "method": "POST", "body": body}
    with pytest.raises(ServiceError) as refused:
        source.find(*YEAR, EVERYWHERE)
    assert len(seen) == 1
    for shown in (text, str(refused.value), repr(seen), repr(source.imagery)):
        assert "k3y" not in shown
        assert "w0rd" not in shown
        assert "Authorization" not in shown


@pytest.mark.parametrize("url", ["ftp://me:w0rd@host/x?key=k3y", "me:w0rd@host?key=k3y", "w0rd@/?k3y"])
def test_secrets_of_a_wrong_address_are_not_shown(url):
    with pytest.raises(ParameterError) as refused:
        open_stac(Service(url=url))
    assert "k3y" not in str(refused.value)
    assert "w0rd" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://user:pa@ss@host:444/a/b?key=1#f", "https://host:444/a/b"),
        ("https://host?key=1", "https://host"),
        ("https://user:pa/ss@host/a", "https://host/a"),
        ("https://host:secret", "https://host"),
        ("https://host/a/b", "https://host/a/b"),
    ],
)
def test_public_addresses_have_no_secrets(address, shown):
    assert public_address(address) == shown
    assert public_text(f"reading '{address}' failed") == f"reading '{shown}' failed"


ENDLESS = {
    "the same page": lambda url: lambda body, first: {"href": f"{url}/search", "method": "POST", "body": body},
    "another page of the same": lambda url: (
        lambda body, first: {
            "href": f"{url}/search?page={id(body)}",
            "method": "POST",
            "body": {**body, "again": body.get("again", 0) + 1},
        }
    ),
}


@pytest.mark.parametrize("how", ENDLESS)
def test_a_search_that_does_not_end_is_stopped(server, how):
    server.next_link = ENDLESS[how](server.url)
    with pytest.raises(ServiceError, match="the search does not end"):
        source_of(server).find(*YEAR, EVERYWHERE)
    assert sum(each.path.startswith("/search") for each in server.seen) < 4


def test_empty_pages_without_an_end_are_stopped_too(server, monkeypatch):
    monkeypatch.setattr("patchwork.core.imagery.sources.stac.searching._MOST_PAGES", 20)
    server.next_link = lambda body, first: {
        "href": f"{server.url}/search",
        "method": "POST",
        "body": {**body, "token": str(first + 7)},
    }
    with pytest.raises(ServiceError, match="the search does not end"):
        source_of(server).find(*YEAR, EVERYWHERE)


FAULTS = [429, 502, 503, 504, "drop", (429, {"Retry-After": "1"})]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_search_waits_for_faults_that_pass(server, fault):
    expected = pixels_of(server)
    server.answers["/search"] = [fault, fault]
    np.testing.assert_array_equal(pixels_of(server), expected)


@pytest.mark.parametrize("is_date", [False, True])
def test_retry_after_is_waited_for(server, is_date):
    soon = datetime.now(timezone.utc) + timedelta(seconds=3)
    server.answers["/search"] = [(429, {"Retry-After": format_datetime(soon, usegmt=True) if is_date else "2"})]
    begun = datetime.now(timezone.utc)
    assert len(source_of(server).find(*YEAR, EVERYWHERE)) == 1
    assert datetime.now(timezone.utc) - begun >= timedelta(seconds=1.9)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (429, "429 Too Many Requests, after 4 attempts"),
        (502, "502 Bad Gateway, after 4 attempts"),
        ("drop", "after 4 attempts"),
        ((429, {"Retry-After": "86400"}), "429 Too Many Requests and asks to wait 86,400 s, after 1 attempt"),
        (401, "401 Unauthorized.*needs an account or a key"),
        (403, "403 Forbidden.*needs an account or a key"),
        (400, "400 Bad Request"),
    ],
)
def test_a_fault_that_stays_is_named_by_its_status(server, answer, message):
    server.answers["/search"] = [answer] * 50
    with pytest.raises(ServiceError, match=message):
        source_of(server).find(*YEAR, EVERYWHERE)


@pytest.mark.parametrize("status", [401, 403, 409])
def test_an_image_that_needs_an_account_is_named_so_and_read_when_it_does_not(server, status):
    source = source_of(server)
    found = source.find(*YEAR, EVERYWHERE)[0]
    server.answers["B02.tif"] = [status] * 50
    with pytest.raises(DataError, match=f"{status}.*needs a signed address or an account") as refused:
        source.read(found, ("B02",), GRID, WHOLE)
    assert "later" not in str(refused.value)
    assert len(server.answers["B02.tif"]) > 40
    server.answers.clear()
    np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])


@pytest.mark.parametrize("fault", [429, 500, 502, "drop"])
def test_an_image_is_read_after_faults_that_pass(server, fault):
    source = source_of(server)
    found = source.find(*YEAR, EVERYWHERE)[0]
    server.answers["B02.tif"] = [fault] * 4
    np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])


def test_an_image_that_keeps_failing_is_named_by_its_status(server):
    source = source_of(server)
    found = source.find(*YEAR, EVERYWHERE)[0]
    server.answers["B02.tif"] = [503] * 500
    with pytest.raises(DataError, match=r"503 Service Unavailable, after 5 attempts\. Run again later"):
        source.read(found, ("B02",), GRID, WHOLE)


def test_images_in_buckets_are_refused_at_the_search(server):
    asset = server.items[0]["assets"]["blue"]
    web = asset["href"]
    asset["href"] = "s3://usgs-landsat/collection02/x.tif"
    with pytest.raises(DataError, match=r"storage that needs an account \(s3://…\)"):
        source_of(server).find(*YEAR, EVERYWHERE)
    asset["alternate"] = {"s3": {"href": "s3://other/x.tif"}, "https": {"href": f"{server.url}/files/{web}"}}
    np.testing.assert_array_equal(pixels_of(server), GROUND["B02"])
    del asset["alternate"]
    server.items[0]["assets"]["B02_10m"] = {**asset, "href": web}
    np.testing.assert_array_equal(pixels_of(server), GROUND["B02"])


@pytest.fixture
def private(server, tmp_path):
    """A server whose images need tokens, as Planetary Computer's do; paths are those of Azure's emulator."""
    (tmp_path / "account" / "container").mkdir(parents=True)
    (tmp_path / "one").rename(tmp_path / "account" / "container" / "one")
    set_href(server, f"{server.url}/account/container/one/B02.tif")
    server.folder, server.tokens = tmp_path, []
    return server, StacSource(server.url, (COLLECTION,), f"{server.url}/sas")


def test_private_images_are_read_with_tokens_that_are_stored_nowhere(private, capfd):
    server, source = private
    found, text = kept(pickle.loads(pickle.dumps(source)).find(*YEAR, EVERYWHERE)[0])
    assert "sig=" not in text
    for _ in range(3):
        np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])
    asked = [each.path for each in server.seen if each.path.startswith("/sas/")]
    assert asked == ["/sas/account/container"]
    assert "t0psecret" not in "".join(capfd.readouterr())


def test_tokens_that_ended_or_are_refused_are_renewed(private):
    server, source = private
    server.token_life = timedelta(seconds=60)  # less than what is kept in reserve
    found = source.find(*YEAR, EVERYWHERE)[0]
    source.read(found, ("B02",), GRID, WHOLE)
    source.read(found, ("B02",), GRID, WHOLE)
    assert len(server.tokens) == 2
    server.token_life = timedelta(hours=1)
    source.read(found, ("B02",), GRID, WHOLE)
    server.tokens[:] = [""] * 3  # the storage accepts none of those given so far
    reading._opened.__dict__.clear()
    np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])


def test_signing_waits_at_the_rate_limit_and_names_what_stays(private):
    server, source = private
    found = source.find(*YEAR, EVERYWHERE)[0]
    server.answers["/sas/"] = [(429, {"Retry-After": "1"})]
    np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])


def test_a_signature_that_is_refused_is_not_shown(private):
    server, source = private
    found = source.find(*YEAR, EVERYWHERE)[0]
    server.answers["B02.tif"] = [403] * 500
    with pytest.raises(DataError, match="refuses the token") as refused:
        source.read(found, ("B02",), GRID, WHOLE)
    assert "t0psecret" not in str(refused.value)
    assert "sig=" not in str(refused.value)


def test_signed_addresses_of_a_catalogue_are_used_but_not_stored(server):
    server.items[0]["assets"]["blue"]["href"] += "?sig=t0psecret"
    source = source_of(server)
    found, text = kept(source.find(*YEAR, EVERYWHERE)[0])
    assert "t0psecret" not in text
    np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])
    assert any(each.path.endswith("B02.tif?sig=t0psecret") for each in server.seen)
    assets._full_addresses.clear()  # another process
    reading._opened.__dict__.clear()
    server.seen.clear()
    np.testing.assert_array_equal(source.read(found, ("B02",), GRID, WHOLE)[0], GROUND["B02"])
    assert any(each.path == f"/collections/{COLLECTION}/items/one" for each in server.seen)


def test_services_have_names():
    planetary = open_stac(Service(("sentinel-2-l2a",), "planetary-computer"))
    assert planetary.url == "https://planetarycomputer.microsoft.com/api/stac/v1"
    assert planetary.tokens == "https://planetarycomputer.microsoft.com/api/sas/v1/token"
    assert open_stac(Service(url=planetary.url)).tokens == planetary.tokens
    assert open_stac(Service()) == open_stac(Service(url="earth-search"))
    assert open_stac(Service(("sentinel-2-l2a",))).imagery == (
        "https://earth-search.aws.element84.com/v1 sentinel-2-l2a"  # as in workspaces made before
    )


def test_errors_of_images_do_not_reach_standard_error_with_signatures(private):
    """In an interpreter of its own: without a log, Python itself prints the warnings of packages."""
    server, source = private
    found, _ = kept(source.find(*YEAR, EVERYWHERE)[0])
    server.answers["B02.tif"] = [403] * 500
    code = (
        "import pickle, sys; source, found, grid, window = pickle.loads(sys.stdin.buffer.read())\n"
        "from patchwork.core.imagery.sources.stac import reading; reading.FIRST_WAIT = 0.01\n"
        "try: source.read(found, ('B02',), grid, window)\nexcept Exception as error: print(error, file=sys.stderr)"
    )
    given = pickle.dumps((source, found, GRID, WHOLE))
    done = subprocess.run([sys.executable, "-c", code], input=given, capture_output=True, timeout=100)
    assert b"refuses the token" in done.stderr
    assert b"t0psecret" not in done.stdout + done.stderr
