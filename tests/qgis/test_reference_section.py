"""The table of classes: what is chosen in it, and the words for that in the parameters."""

from __future__ import annotations

import pytest

CLASSES = [
    {"id": 1, "name": "007", "colour": "#111111", "polygons": 3, "hectares": 1.0},
    {"id": 2, "name": "1", "colour": "#222222", "polygons": 3, "hectares": 2.0},
    {"id": 3, "name": "10", "colour": "#333333", "polygons": 3, "hectares": 3.0},
]
NOTHING = {"CLASS_NAMES": None, "CLASS_COLOURS": None, "MERGE": None, "SKIP_CLASSES": None}


class Values(dict):
    """Stands in for the session."""

    set = dict.__setitem__


@pytest.fixture
def table(qgis):
    """A table of the classes, and a function that tells what the session gets from it."""
    from qgis.PyQt import sip

    from patchwork.plugin import class_choices, class_table

    values = Values(NOTHING)
    shown = class_table.ClassTable()
    shown.show_classes(CLASSES, class_choices.read(values, CLASSES))
    shown.changed.connect(lambda: class_choices.write(values, CLASSES, shown.choices))
    yield shown, values
    sip.delete(shown)


def test_a_class_whose_id_is_the_name_of_another_is_called_by_its_name(qgis):
    from patchwork.plugin import class_choices

    chosen = class_choices.ClassChoices({2: "a, b"}, {1: "#010203", 3: "#333333"}, {3: 1}, (2,))
    values = Values(NOTHING)
    class_choices.write(values, CLASSES, chosen)
    assert values == {
        "CLASS_NAMES": '"2=a, b"',
        "CLASS_COLOURS": "007=#010203",
        "MERGE": "3=007",
        "SKIP_CLASSES": "2",
    }
    kept = class_choices.read(values, CLASSES)
    assert kept == class_choices.ClassChoices({2: "a, b"}, {1: "#010203"}, {3: 1}, (2,))


def test_what_is_chosen_in_the_table(table):
    from qgis.PyQt.QtCore import Qt

    from patchwork.plugin.class_table import ID, NAME, USED

    shown, values = table
    assert values == NOTHING
    shown.item(0, NAME).setText("  fields ")
    shown.item(1, USED).setCheckState(Qt.CheckState.Unchecked)
    assert values == {**NOTHING, "CLASS_NAMES": "007=fields", "SKIP_CLASSES": "2"}
    shown.item(0, NAME).setText(" ")  # no name is the former one
    assert values == {**NOTHING, "SKIP_CLASSES": "2"}
    assert shown.item(2, ID).text() == "3"


def test_classes_are_merged_in_the_menu_of_a_row(table):
    shown, values = table

    def entries(row):
        menu = shown.menu(row)
        (into,) = (action.menu() for action in menu.actions() if action.menu())
        return {action.text(): action for action in (*menu.actions(), *into.actions())}

    assert set(entries(2)) == {"Rename", "Merge into", "007", "1"}
    entries(2)["1"].trigger()
    assert values["MERGE"] == "3=2"
    assert set(entries(0)) == {"Rename", "Merge into", "1"}  # 10 is a part of it
    entries(1)["007"].trigger()  # with what is a part of it
    assert values["MERGE"] == "3=007,2=007"
    entries(2)["A class of its own"].trigger()
    assert values["MERGE"] == "2=007"


def test_the_layers_of_a_map_get_the_names_and_colours_at_once(qgis, tmp_path):
    from osgeo import gdal
    from qgis.core import QgsPalettedRasterRenderer, QgsProject, QgsRasterLayer
    from qgis.PyQt.QtGui import QColor

    from patchwork.plugin.class_choices import ClassChoices
    from patchwork.plugin.class_styles import restyle

    project, layers = QgsProject(), {}
    for folder, name in (("work", "map"), ("work", "confidence"), ("other", "map")):
        file = tmp_path / folder / f"{name}.tif"
        file.parent.mkdir(exist_ok=True)
        gdal.GetDriverByName("GTiff").Create(str(file), 2, 2)
        layer = QgsRasterLayer(str(file), name)
        named = [(1, "#111111", "007"), (2, "#222222", "mine"), (3, "#333333", "10")]
        classes = [QgsPalettedRasterRenderer.Class(id_, QColor(rgb), text) for id_, rgb, text in named]
        layer.setRenderer(QgsPalettedRasterRenderer(layer.dataProvider(), 1, classes))
        project.addMapLayer(layer)
        layers[folder, name] = layer
    before = ClassChoices({1: "007", 2: "1", 3: "10"}, {1: "#111111", 2: "#222222", 3: "#333333"}, {}, ())
    now = ClassChoices({1: "fields", 2: "woods", 3: "10"}, {1: "#111111", 2: "#00ff00", 3: "#0000ff"}, {}, ())
    restyle(project, tmp_path / "work", before, now)

    def shown(key):
        return [(entry.label, entry.color.name()) for entry in layers[key].renderer().classes()]

    assert shown(("work", "map")) == [("fields", "#111111"), ("mine", "#222222"), ("10", "#0000ff")]
    for other in (("work", "confidence"), ("other", "map")):
        assert shown(other) == [("007", "#111111"), ("mine", "#222222"), ("10", "#333333")]
