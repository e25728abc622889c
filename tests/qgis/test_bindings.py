"""Every kind has a binding, and values reach the engine in its form."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchwork.core import parameters as kinds
from patchwork.core.operations import OPERATIONS
from patchwork.core.parameters import Declared, declared

ROOT = Path(__file__).resolve().parents[2]
ALL_PARAMETERS = [
    pytest.param(parameter, id=f"{name}-{parameter.name}")
    for name, operation in OPERATIONS.items()
    for parameter in declared(operation.parameters)
]


def read(parameter: Declared, value: object):
    """The engine's value of a parameter that the user set to `value`."""
    from qgis.core import QgsProcessingContext, QgsProcessingFeedback

    from patchwork.processing_provider import bindings, places

    context = QgsProcessingContext()
    definition = bindings.define(parameter)
    if isinstance(parameter.kind, (kinds.Area, kinds.Place)):
        value = places.in_qgis_form(value, context)
    assert definition.checkValueIsAcceptable(value, context)
    given = bindings.QgisValues({definition.name(): value}, context, QgsProcessingFeedback(False))
    return bindings.engine_value(parameter, definition, given)


def of(kind: kinds.Kind, default: object = None) -> Declared:
    return Declared("it", kind, default, required=False)


def subclasses(base: type) -> set:
    return {kind for kind in vars(kinds).values() if isinstance(kind, type) and issubclass(kind, base)} - {base}


def test_every_kind_has_a_binding(qgis):
    from patchwork.processing_provider import bindings, outputs

    assert set(bindings.PARAMETERS) == subclasses(kinds.Kind)
    assert set(outputs.RESULTS) == subclasses(kinds.Output)


@pytest.mark.parametrize("parameter", ALL_PARAMETERS)
def test_every_default_survives_the_round_trip(qgis, parameter):
    from patchwork.processing_provider import bindings

    default = bindings.define(parameter).defaultValue()
    value = read(parameter, default) if default is not None else None
    assert (None if value is None else parameter.kind.read(value)) == parameter.default
    assert bindings.define(parameter).flags() & 2 if parameter.kind.advanced else True


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("500000,501000,5600000,5602000 [EPSG:32631]", "500000.0,5600000.0,501000.0,5602000.0,EPSG:32631"),
        ("500000,5600000,501000,5602000,EPSG:32631", "500000.0,5600000.0,501000.0,5602000.0,EPSG:32631"),
        ("14.1,14.5,46,46.25", "14.1,46.0,14.5,46.25"),
        ("-1.5,14.5,-46,46.25[EPSG:4326]", "-1.5,-46.0,14.5,46.25,EPSG:4326"),
    ],
)
def test_an_extent_comes_in_the_order_of_the_engine(qgis, given, wanted):
    assert read(of(kinds.Area("Area", "")), given) == wanted


def test_a_rectangle_of_qgis_is_an_area(qgis):
    from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle, QgsReferencedRectangle

    box = QgsReferencedRectangle(QgsRectangle(1, 2, 3, 4), QgsCoordinateReferenceSystem("EPSG:32633"))
    assert read(of(kinds.Area("Area", "")), box) == "1.0,2.0,3.0,4.0,EPSG:32633"


@pytest.mark.parametrize("given", ["14.5,46.25 [EPSG:4258]", "14.5,46.25,EPSG:4258"])
def test_a_point_comes_with_its_crs(qgis, given):
    assert read(of(kinds.Place("Place", "")), given) == "14.5,46.25,EPSG:4258"


def test_text_from_qgis_process_is_read_as_numbers_and_dates(qgis):
    from qgis.PyQt.QtCore import QDate, QDateTime, QTime

    assert read(of(kinds.Number("Number", "", whole=True)), "7") == 7
    assert read(of(kinds.Number("Number", "")), "0.25") == 0.25
    for given in ("2019-07-31", QDate(2019, 7, 31), QDateTime(QDate(2019, 7, 31), QTime(1, 2))):
        assert read(of(kinds.Date("Date", "")), given) == "2019-07-31"


def test_choices_are_given_by_name(qgis):
    choice = of(kinds.Choice("Choice", "", options={"a-word": "A word", "another": "Another"}), "a-word")
    assert read(choice, "another") == "another"


def test_a_layer_is_exported_to_a_file(qgis, tmp_path):
    from qgis.core import QgsVectorLayer

    layer = QgsVectorLayer("Polygon?crs=EPSG:32633&field=name:string", "drawn", "memory")
    file = read(of(kinds.Area("Area", "")), layer)
    assert Path(file).suffix == ".gpkg"
    assert Path(file).is_file()


def test_a_crs_without_a_code_comes_as_wkt(qgis):
    assert read(of(kinds.Crs("CRS", "")), "EPSG:32633") == "EPSG:32633"
    assert "Lambert" in read(of(kinds.Crs("CRS", "")), "PROJ:+proj=laea +lat_0=40 +lon_0=12 +units=m")


def test_paths_are_absolute_and_an_empty_value_is_the_default(qgis, tmp_path, monkeypatch):
    from qgis.core import NULL

    monkeypatch.chdir(tmp_path)
    assert read(of(kinds.Folder("Folder", "")), "here") == str(tmp_path / "here")
    for parameter in (of(kinds.Folder("Folder", "")), of(kinds.Number("Number", ""))):
        assert read(parameter, None) is None
        assert read(parameter, NULL) is None


def test_the_unit_is_in_the_label(qgis):
    from patchwork.processing_provider import bindings

    assert bindings.define(of(kinds.Number("Buffer", "", unit="m"), 0)).description() == "Buffer (m)"
