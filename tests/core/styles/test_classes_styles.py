"""Class schemes and QGIS styles."""

import json
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core import styles
from patchwork.core.errors import DataError
from patchwork.core.vocabulary.classes import ClassScheme, LandCoverClass

# Colours of the original article, which the built-in scheme uses
ARTICLE = {
    "cultivated land": "#ffff00",
    "forest": "#054907",
    "grassland": "#ffa500",
    "shrubland": "#806000",
    "water": "#069af3",
    "wetlands": "#95d0fc",
    "tundra": "#967bb6",
    "artificial surface": "#dc143c",
    "bareland": "#a6a6a6",
    "snow and ice": "#000000",
}

names = st.dictionaries(st.integers(1, 65_535), st.sampled_from(["a", "b", "Forest", "water", "maize"]), max_size=30)


def test_land_cover_has_the_colours_of_the_article():
    scheme = ClassScheme.of({number: name.upper() for number, name in enumerate(ARTICLE, start=20)})
    assert [entry.colour for entry in scheme.classes] == list(ARTICLE.values())
    assert scheme.classes[0] == LandCoverClass(20, "CULTIVATED LAND", "#ffff00")
    assert scheme.classes[0].rgb == (255, 255, 0)


@pytest.mark.parametrize(("highest", "dtype"), [(1, "uint8"), (255, "uint8"), (256, "uint16"), (65_535, "uint16")])
def test_the_data_type_is_the_smallest_that_holds_all_ids(highest, dtype):
    assert ClassScheme.of({1: "a", highest: "b"}).dtype == dtype


@given(names)
def test_a_scheme_keeps_ids_and_names_in_order(given_names):
    scheme = ClassScheme.of(given_names)
    assert scheme.ids == tuple(sorted(given_names))
    assert {id_: scheme.name(id_) for id_ in scheme.ids} == given_names
    assert ClassScheme.from_json(json.loads(json.dumps(scheme.to_json()))) == scheme
    assert scheme.dtype == ("uint16" if max(given_names, default=0) > 255 else "uint8")
    assert scheme.colour_table == {entry.id: entry.rgb for entry in scheme.classes}
    assert ClassScheme.of(dict(reversed(given_names.items()))) == scheme


@given(st.sets(st.integers(1, 65_535), min_size=1, max_size=15))
def test_unknown_classes_have_distinct_colours(ids):
    scheme = ClassScheme.of({id_: str(id_) for id_ in ids})
    assert len({entry.colour for entry in scheme.classes}) == len(ids)


def test_many_classes_have_colours():
    scheme = ClassScheme.of({id_: f"class {id_}" for id_ in range(1, 120)})
    assert all(len(entry.rgb) == 3 for entry in scheme.classes)


def test_a_subset_of_a_scheme_keeps_its_colours():
    scheme = ClassScheme.of({1: "x", 2: "forest", 3: "y"})
    assert scheme.only([3, 1, 99]).classes == (scheme.classes[0], scheme.classes[2])


@pytest.mark.parametrize("name", ["forest", "Ödland & <Wald> \"alt\" 'neu'", "森林"])
def test_a_style_is_xml_with_a_colour_and_a_name_for_each_class(tmp_path, name):
    scheme = ClassScheme.of({1200: name, 3: "water"})
    styles.write_style(tmp_path / "map.tif", styles.class_style(scheme))
    root = ElementTree.parse(tmp_path / "map.qml").getroot()
    assert root.find("pipe/rasterrenderer").get("type") == "paletted"
    entries = [dict(entry.attrib) for entry in root.iter("paletteEntry")]
    assert [(int(entry["value"]), entry["color"], entry["label"]) for entry in entries] == [
        (entry.id, entry.colour, entry.name) for entry in scheme.classes
    ]


HOSTILE = "<img src=http://127.0.0.1:9/x onerror=\"alert('x')\"> & \x00\x1b\n'quoted'"


def test_a_style_is_xml_with_the_name_as_text_whatever_the_name():
    for style in (styles.class_style, lambda scheme: styles.mask_style(scheme.classes[0])):
        text = style(ClassScheme.of({1: HOSTILE, 2: '"/><x a="'}))
        root = ElementTree.fromstring(text)
        assert not list(root.iter("img"))
        assert not list(root.iter("x"))
        assert next(root.iter("paletteEntry")).get("label") == HOSTILE.translate(dict.fromkeys((0, 27, 10), " "))


@pytest.mark.parametrize("colour", ['#fff"/><x a="', "red;background:url(http://127.0.0.1:9/x)", "#12345", "", None])
def test_what_is_no_colour_is_refused_before_it_reaches_a_style(colour):
    with pytest.raises(DataError, match="not a colour such as #ffff00"):
        ClassScheme.from_json([{"id": 1, "name": "a", "colour": colour}])
