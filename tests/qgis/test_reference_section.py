"""The words for classes in SKIP_CLASSES and CLASS_COLOURS."""

from __future__ import annotations


def test_a_class_whose_id_is_the_name_of_another_is_called_by_its_name(qgis):
    from patchwork.plugin.reference_section import _colours_from, _words

    classes = [{"id": 1, "name": "007"}, {"id": 2, "name": "1"}, {"id": 3, "name": "10"}]
    words = _words(classes)
    assert words == {1: "007", 2: "2", 3: "3"}
    assert _colours_from("007=#010203,3=#040506,9=#ffffff", words) == {1: "#010203", 3: "#040506"}
