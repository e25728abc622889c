"""Messages in the dock speak of fields by their labels."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Class field (CLASS_FIELD) is missing.", "Class field is missing."),
        ("Wait, or choose another WORKSPACE.", "Wait, or choose another workspace."),
        ("Too much. MEMORY 500 is the least.", "Too much. Memory 500 is the least."),
        ("Set PATCH_SIZE, or PATCH_COUNT.", "Set patch size, or number of patches."),
        ("/data/MAP/MODEL.skops is no model", "/data/MAP/MODEL.skops is no model"),
        ("the class 'AREA' and MY_AREA_1", "the class 'AREA' and MY_AREA_1"),
        ("The layer has no CRS. NDVI of B04", "The layer has no CRS. NDVI of B04"),
        ("applicability (LAYERS) shows where", "applicability shows where"),
    ],
)
def test_names_of_parameters_become_labels(qgis, said, shown):
    from patchwork.plugin.words import in_words

    assert in_words(said) == shown


def test_every_parameter_of_a_map_has_one_place_in_the_dock(provider):
    from patchwork.plugin import method_section

    shown = {*method_section.ELSEWHERE, *method_section.NAMES}
    grouped = [name for names in method_section.grouped_names().values() for name in names]
    definitions = provider.algorithm("makemap").parameterDefinitions()
    asked = [own.name() for own in definitions if not own.isDestination() and own.name() not in shown]
    assert sorted(grouped) == sorted(asked)
