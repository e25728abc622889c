"""Which bands are fetched, worked by hand."""

import pytest

from patchwork.core.errors import DataError
from patchwork.core.vocabulary.bands import DETECTOR_BANDS, Chosen, choose_bands, cloud_detection

L1C = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
L2A = (*(band for band in L1C if band != "B10"), "SCL", "CLP")
LEARNT = ("B02", "B03", "B04", "B08", "B11", "B12")


@pytest.mark.parametrize(
    ("method", "bands", "found"),
    [
        ("auto", L1C, "s2cloudless"),
        ("auto", L2A, "scl"),
        ("auto", ("B04", "B08", "QA"), "qa"),
        ("auto", ("B04", "CLP"), "clp"),
        ("auto", ("VV", "VH"), "none"),
        ("s2cloudless", ("VH",), "none"),
        ("clp", L2A, "clp"),
        ("scl", (*L1C, "SCL"), "scl"),
        ("s2cloudless", (*L1C, "SCL"), "s2cloudless"),
    ],
)
def test_how_clouds_are_told(method, bands, found):
    assert cloud_detection(method, bands) == found


@pytest.mark.parametrize(
    ("method", "bands", "lacking"),
    [("auto", ("B02", "B04"), "B01, B05"), ("scl", L1C, "SCL"), ("qa", L1C, "QA"), ("s2cloudless", L2A, "B10")],
)
def test_a_method_without_its_bands_is_told(method, bands, lacking):
    with pytest.raises(DataError, match=f"lacks {lacking}"):
        cloud_detection(method, bands)


def test_the_detectors_bands_come_apart_where_that_is_less():
    def chosen(learnt, factor, gives_cells=True):
        return choose_bands(L1C, learnt, "s2cloudless", factor=factor, gives_cells=gives_cells)

    together = tuple(band for band in L1C if band in LEARNT or band in DETECTOR_BANDS)
    assert chosen(LEARNT, 6) == Chosen(LEARNT, cells=True)  # 6 + 10 / 36 against 11
    assert chosen(LEARNT, 2) == Chosen(LEARNT, cells=True)  # 6 + 10 / 4 against 11
    assert chosen(LEARNT, 1) == Chosen(together)
    assert chosen(LEARNT, 6, gives_cells=False) == Chosen(together)
    assert chosen(L1C, 6) == Chosen(L1C)  # all of them are wanted anyway
    assert chosen(("B04", "B08"), 6) == Chosen(("B04", "B08"), cells=True)


def test_classes_come_with_the_scenes_and_radar_always():
    assert choose_bands(L2A, LEARNT, "scl", factor=6, gives_cells=True) == Chosen((*LEARNT, "SCL"))
    assert choose_bands(("VV", "VH"), LEARNT, "none", factor=6, gives_cells=True) == Chosen(("VV", "VH"))
    with pytest.raises(DataError, match="None of the bands B99"):
        choose_bands(L1C, ("B99",), "s2cloudless", factor=6, gives_cells=True)
