"""Accounts from QGIS's authentication store, against a server that speaks the service's protocol."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AREA = "546300,547500,5154700,5155700 [EPSG:32633]"
SUMMER = {"START": "2019-06-01", "END": "2019-08-31"}
PASSWORD = "master of the tests"


@pytest.fixture(scope="module")
def store(qgis):
    """The authentication store of the profile, open."""
    from qgis.core import QgsApplication

    manager = QgsApplication.authManager()
    assert not manager.isDisabled(), manager.disabledMessage()
    assert manager.setMasterPassword(PASSWORD, True)
    return manager


@pytest.fixture(scope="module")
def account(store, hub):
    """The id of a configuration with the server's account."""
    return configuration(store, hub["SH_CLIENT_ID"], hub["SH_CLIENT_SECRET"])


def configuration(store, user, password, method="Basic"):
    from qgis.core import QgsAuthMethodConfig

    config = QgsAuthMethodConfig()
    config.setName("Sentinel Hub of the tests")
    config.setMethod(method)
    config.setConfig("username", user)
    config.setConfig("password", password)
    stored = store.storeAuthenticationConfig(config)
    assert stored[0] if isinstance(stored, tuple) else stored
    return config.id()


@pytest.fixture
def service(hub, account, monkeypatch):
    """The parameters of the service and the account."""
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", hub["REQUESTS_CA_BUNDLE"])
    return {"SOURCE": "sentinelhub", "SERVICE_URL": hub["url"], "AUTH": account}


def reason(run, operation, parameters):
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as raised:
        run(operation, parameters)
    return str(raised.value)


def test_scenes_are_found_and_fetched_with_an_account(run, service, hub, tmp_path, feedback):
    workspace = str(tmp_path / "Wörk space")
    run("splitarea", {"WORKSPACE": workspace, "SOURCE": "sentinelhub", "AREA": AREA, "PATCH_SIZE": 700})
    found = run("findscenes", {"WORKSPACE": workspace, **service, **SUMMER}, feedback)
    assert found["REQUESTS"] > 0
    assert found["PROCESSING_UNITS"] > 0
    run("downloadscenes", {"WORKSPACE": workspace, **service, **SUMMER}, feedback)
    assert list(Path(workspace).glob("scenes/*/*.tif"))
    assert any("processing units left" in text for text in feedback.infos)
    held = [path.read_bytes() for path in Path(workspace).rglob("*") if path.is_file()]
    told = "\n".join([*feedback.infos, *feedback.warnings]).encode()
    for secret in (hub["SH_CLIENT_SECRET"], hub["SH_CLIENT_ID"]):
        assert not any(secret.encode() in content for content in [*held, told])


def test_a_map_is_that_of_the_sample_source(run, service, engine_python, tmp_path):
    from osgeo import gdal

    reference = tmp_path / "reference.gpkg"
    write = (
        "import sys; from pathlib import Path; from patchwork.core.imagery.sources.sample import source; "
        "source.write_reference(Path(sys.argv[1]))"
    )
    path = {**os.environ, "PYTHONPATH": str(ROOT / "core" / "launcher")}
    subprocess.run([engine_python, "-c", write, str(reference)], env=path, check=True)
    common = {"AREA": AREA, "REFERENCE": str(reference), "CLASS_FIELD": "class_id", "PER_CLASS": 100, **SUMMER}
    maps = [
        gdal.Open(run("makemap", {**common, **source, "WORKSPACE": str(tmp_path / name)})["MAP"]).ReadRaster()
        for name, source in {"hub": service, "sample": {"SOURCE": "sample"}}.items()
    ]
    assert len(maps[0]) == 120 * 100
    assert maps[0] == maps[1]


def test_an_installation_is_checked_with_the_account(run, service):
    found = run("checkinstallation", {"SERVICE_URL": service["SERVICE_URL"], "AUTH": service["AUTH"]})
    assert found["SIGNED_IN"] == 1
    assert 29_000 <= found["UNITS_LEFT"] <= 30_000
    assert found["ACCOUNT"].startswith(("Signed in, 29", "Signed in, 30"))
    assert f"Account: {found['ACCOUNT']}" in found["REPORT"]


def test_a_wrong_secret_is_reported_without_showing_it(run, service, store, hub, tmp_path):
    run("splitarea", {"WORKSPACE": str(tmp_path), "SOURCE": "sentinelhub", "AREA": AREA})
    wrong = configuration(store, hub["SH_CLIENT_ID"], "wr0ng-secret")
    told = reason(run, "findscenes", {"WORKSPACE": str(tmp_path), **service, **SUMMER, "AUTH": wrong})
    assert "does not accept the account" in told
    assert "wr0ng-secret" not in told


def test_configurations_that_cannot_be_used_are_errors(run, service, store, tmp_path):
    run("splitarea", {"WORKSPACE": str(tmp_path), "SOURCE": "sentinelhub", "AREA": AREA})
    other = configuration(store, "user", "password", "EsriToken")
    for name, words in {"abc1234": "has no authentication configuration", other: "has the method EsriToken"}.items():
        assert words in reason(run, "findscenes", {"WORKSPACE": str(tmp_path), **service, **SUMMER, "AUTH": name})


def test_the_account_is_in_no_value_that_the_engine_is_given(provider, service, account):
    algorithm = provider.algorithm("findscenes")
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    from patchwork.processing_provider.bindings import QgisValues, engine_value

    given = QgisValues(service, QgsProcessingContext(), QgsProcessingFeedback())
    from patchwork.core.operations import OPERATIONS
    from patchwork.core.parameters import declared

    (asked,) = [each for each in declared(OPERATIONS["findscenes"].parameters) if each.name == "auth"]
    assert engine_value(asked, algorithm.parameterDefinition("AUTH"), given) is None


def test_qgis_process_takes_the_password_from_a_file(service, store, hub, engine_python, tmp_path):
    from qgis.core import QgsApplication

    profile = tmp_path / "home" / ".local/share/QGIS/QGIS3/profiles/default"
    (profile / "python" / "plugins").mkdir(parents=True)
    (profile / "python" / "plugins" / "patchwork").symlink_to(ROOT)
    (tmp_path / "auth").mkdir()
    shutil.copy(Path(QgsApplication.qgisSettingsDirPath()) / "qgis-auth.db", tmp_path / "auth")
    (tmp_path / "password").write_text(PASSWORD)
    environment = {
        **{name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "QGIS_CUSTOM_CONFIG_PATH")},
        "HOME": str(tmp_path / "home"),
        "QT_QPA_PLATFORM": "offscreen",
        "PATCHWORK_PYTHON": engine_python,
        "QGIS_AUTH_DB_DIR_PATH": str(tmp_path / "auth"),
        "QGIS_AUTH_PASSWORD_FILE": str(tmp_path / "password"),
        "PATH": f"/usr/bin:{os.environ['PATH']}",
    }
    program = next(p for p in ("/usr/bin/qgis_process.bin", "/usr/bin/qgis_process") if os.path.exists(p))
    plain = {"env": environment, "capture_output": True, "text": True, "check": False, "timeout": 300}
    subprocess.run([program, "plugins", "enable", "patchwork"], **plain)
    asked = {"SERVICE_URL": service["SERVICE_URL"], "AUTH": service["AUTH"]}
    arguments = [f"{name}={value}" for name, value in asked.items()]
    done = subprocess.run([program, "run", "patchwork:checkinstallation", "--", *arguments], **plain)
    assert "Signed in, " in done.stdout, done.stdout + done.stderr
    assert hub["SH_CLIENT_SECRET"] not in done.stdout + done.stderr
    (tmp_path / "password").write_text("not this one")
    locked = subprocess.run([program, "run", "patchwork:checkinstallation", "--", *arguments], **plain)
    assert "Signed in, " not in locked.stdout
    assert "authentication" in locked.stdout + locked.stderr


@pytest.mark.parametrize("account_of_proxy", ["", "user"])
def test_the_proxy_of_qgis_reaches_the_engine(qgis, account_of_proxy):
    from qgis.core import QgsNetworkAccessManager
    from qgis.PyQt.QtNetwork import QNetworkProxy

    from patchwork.processing_provider.proxies import proxy_environment

    manager = QgsNetworkAccessManager.instance()
    before = manager.fallbackProxy()
    assert proxy_environment() == {}
    proxy = QNetworkProxy(QNetworkProxy.ProxyType.HttpProxy, "proxy.example", 3128, account_of_proxy, "p@ss")
    manager.setFallbackProxyAndExcludes(proxy, ["intern.example"], [])
    try:
        found = proxy_environment()
    finally:
        manager.setFallbackProxyAndExcludes(before, [], [])
    assert found["HTTPS_PROXY"] == f"http://{'user:p%40ss@' if account_of_proxy else ''}proxy.example:3128"
    assert "intern.example" in found["NO_PROXY"].split(",")
