"""The parameters chosen in the dock are stored in the project and passed to the algorithm."""

from __future__ import annotations

import json

import pytest


@pytest.fixture
def project(qgis):
    from qgis.core import QgsProject

    QgsProject.instance().clear()
    yield QgsProject.instance()
    QgsProject.instance().clear()


@pytest.fixture
def session(project, parent):
    from patchwork.plugin.session import Session

    return Session(project, parent)


@pytest.fixture
def parent(qgis):
    from qgis.PyQt.QtCore import QObject

    return QObject()


def test_choices_come_back_with_the_project(session, project, parent, tmp_path):
    from qgis.core import QgsProcessingFeatureSourceDefinition
    from qgis.PyQt.QtCore import QDate

    from patchwork.plugin.session import Session

    session.set("PATCH_SIZE", 2500.0)
    session.set("START", QDate(2019, 3, 1))
    session.set("REFERENCE", QgsProcessingFeatureSourceDefinition("polygons_č", True))
    session.set("AREA", {"wkt": "Polygon ((0 0, 9 0, 9 9, 0 0))", "crs": "EPSG:32633"})
    session.set("SMOOTHING", 2)
    session.set("SMOOTHING", None)
    file = str(tmp_path / "project č.qgz")
    assert project.write(file)
    project.clear()
    assert Session(project, parent).get("PATCH_SIZE") is None
    assert project.read(file)
    found = Session(project, parent)
    assert found.get("PATCH_SIZE") == 2500.0
    assert found.get("START") == "2019-03-01"
    assert found.get("REFERENCE").source.staticValue() == "polygons_č"
    assert found.get("REFERENCE").selectedFeaturesOnly
    assert found.get("AREA") == {"wkt": "Polygon ((0 0, 9 0, 9 9, 0 0))", "crs": "EPSG:32633"}
    assert found.get("SMOOTHING") is None


@pytest.fixture
def chosen(session, project):
    """A session with a reference layer, whose widget sets what QGIS's list of layers shows."""
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=class:string", "fields", "memory")
    project.addMapLayer(layer)
    session.set("WORKSPACE", "/maps/former")
    session.set("REFERENCE", layer.id())
    session.set("SKIP_CLASSES", "3")
    project.readProject.connect(session.restore)
    project.cleared.connect(session.restore)

    def on_change():
        session.set("REFERENCE", next(iter(project.mapLayers()), None))
        session.set("SKIP_CLASSES", None)

    project.layersRemoved.connect(on_change)
    project.layersAdded.connect(on_change)
    yield session
    for signal in (project.layersRemoved, project.layersAdded):
        signal.disconnect(on_change)
    for signal in (project.readProject, project.cleared):
        signal.disconnect(session.restore)


def test_a_new_project_keeps_nothing_of_the_old_one(chosen, project):
    from patchwork.plugin.session import KEY, SCOPE

    project.clear()
    assert {name: chosen.get(name) for name in ("WORKSPACE", "REFERENCE", "SKIP_CLASSES")} == {
        "WORKSPACE": None,
        "REFERENCE": None,
        "SKIP_CLASSES": None,
    }
    assert project.readEntry(SCOPE, KEY, "none")[0] == "none"
    chosen.set("WORKSPACE", "/maps/mine")
    assert json.loads(project.readEntry(SCOPE, KEY)[0]) == {"WORKSPACE": "/maps/mine"}


def test_opening_another_project_neither_changes_it_nor_keeps_the_old_one(chosen, project, tmp_path):
    first, second = str(tmp_path / "first.qgz"), str(tmp_path / "second.qgz")
    assert project.write(first)
    reference = chosen.get("REFERENCE")
    chosen.set("WORKSPACE", "/maps/second")
    assert project.write(second)
    for file, workspace in ((first, "/maps/former"), (second, "/maps/second"), (second, "/maps/second")):
        assert project.read(file)
        assert chosen.get("WORKSPACE") == workspace
        assert (chosen.get("REFERENCE"), chosen.get("SKIP_CLASSES")) == (reference, "3")
        assert not project.isDirty()


def test_a_layer_that_the_user_removes_is_no_longer_chosen(chosen, project):
    project.removeAllMapLayers()
    assert chosen.get("REFERENCE") is None
    assert chosen.get("WORKSPACE") == "/maps/former"


@pytest.mark.parametrize("text", ["nonsense", "[1, 2]", "7", ""])
def test_what_cannot_be_read_is_no_choice(project, parent, text):
    from patchwork.plugin.session import KEY, SCOPE, Session

    project.writeEntry(SCOPE, KEY, text)
    session = Session(project, parent)
    assert session.get("SOURCE") == "stac"
    session.set("SOURCE", "sentinelhub")
    assert json.loads(project.readEntry(SCOPE, KEY)[0]) == {"SOURCE": "sentinelhub"}


def test_what_is_proposed_counts_until_something_is_chosen_and_is_not_stored(session, project):
    from datetime import date

    from patchwork.plugin.session import KEY, SCOPE

    year = date.today().year - 1
    assert [session.get(name) for name in ("SOURCE", "START", "END")] == ["stac", f"{year}-01-01", f"{year}-12-31"]
    session.propose("REFERENCE", "fields")
    assert session.parameters()["REFERENCE"] == "fields"
    assert session.parameters()["START"] == f"{year}-01-01"
    assert project.readEntry(SCOPE, KEY, "none")[0] == "none"
    session.set("END", "2019-06-30")
    assert session.get("START") == "2019-01-01"
    session.set("START", "2018-11-01")
    session.set("END", None)
    assert session.parameters()["END"] == "2018-12-31"
    session.set("START", None)
    session.set("MODEL", "/maps/model.skops")
    assert "REFERENCE" not in session.parameters()
    session.set("MODEL", None)
    session.set("REFERENCE", None)
    assert session.get("REFERENCE") is None
    session.set("IMAGERY", "/scenes")
    assert [session.get(name) for name in ("SOURCE", "START", "END")] == [None, None, None]
    session.set("SOURCE", "sample")
    session.set("REFERENCE", "fields")
    assert "REFERENCE" not in session.parameters()  # the sample region has its own


def test_only_another_value_is_a_change(session):
    changes = []
    session.changed.connect(changes.append)
    session.set("PATCH_SIZE", 100.0)
    session.set("PATCH_SIZE", 100.0)
    session.set("CRS", "")
    session.set("PATCH_SIZE", None)
    assert changes == ["PATCH_SIZE", "PATCH_SIZE"]


def test_a_drawn_shape_is_handed_on_as_a_layer_with_its_crs(session):
    session.set("AREA", {"wkt": "Polygon ((0 0, 9 0, 9 9, 0 0))", "crs": "EPSG:32633"})
    layer = session.parameters()["AREA"]
    (feature,) = layer.getFeatures()
    assert feature.geometry().area() == pytest.approx(40.5)
    assert layer.crs().authid() == "EPSG:32633"
    assert json.dumps(session.get("AREA"))


def test_a_workspace_that_is_not_chosen_does_not_exist_yet(session, tmp_path):
    from patchwork.processing_provider import settings

    settings.workspace_folder.set(str(tmp_path))
    try:
        (tmp_path / "map-1").mkdir()
        assert session.workspace == tmp_path / "map-2"
        session.set("SOURCE", "sample")
        assert session.workspace == tmp_path / "sample-region"
        session.set("WORKSPACE", str(tmp_path / "mine"))
        assert session.parameters()["WORKSPACE"] == str(tmp_path / "mine")
    finally:
        settings.workspace_folder.set("")


def test_the_secret_of_an_account_is_nowhere_in_the_project(session, project, tmp_path):
    session.set("AUTH", "abc1234")
    file = tmp_path / "project.qgs"
    project.write(str(file))
    assert "abc1234" in file.read_text(encoding="utf-8")
    assert "SH_CLIENT" not in file.read_text(encoding="utf-8")
