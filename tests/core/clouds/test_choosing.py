"""Which bands are fetched, worked by hand."""

import pytest

from patchwork.core.clouds.choosing import ChosenBands, choose_bands
from patchwork.core.clouds.methods import METHODS, cloud_method, radar
from patchwork.core.errors import DataError
from patchwork.core.vocabulary.bands import DETECTOR_BANDS

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
def test_the_cloud_detection_method(method, bands, found):
    assert cloud_method(method, bands).name == found


@pytest.mark.parametrize(
    ("method", "bands", "missing"),
    [("auto", ("B02", "B04"), "B01, B05"), ("scl", L1C, "SCL"), ("qa", L1C, "QA"), ("s2cloudless", L2A, "B10")],
)
def test_a_method_without_its_bands_is_refused(method, bands, missing):
    with pytest.raises(DataError, match=f"has no {missing}"):
        cloud_method(method, bands)


def test_the_detectors_bands_come_apart_where_that_is_less():
    def chosen(learnt, factor, offers_cells=True):
        return choose_bands(L1C, learnt, METHODS["s2cloudless"], factor=factor, offers_cells=offers_cells)

    together = tuple(band for band in L1C if band in LEARNT or band in DETECTOR_BANDS)
    assert chosen(LEARNT, 6) == ChosenBands(LEARNT, cells=True)  # 6 + 10 / 36 against 11
    assert chosen(LEARNT, 2) == ChosenBands(LEARNT, cells=True)  # 6 + 10 / 4 against 11
    assert chosen(LEARNT, 1) == ChosenBands(together)
    assert chosen(LEARNT, 6, offers_cells=False) == ChosenBands(together)
    assert chosen(L1C, 6) == ChosenBands(L1C)  # all of them are wanted anyway
    assert chosen(("B04", "B08"), 6) == ChosenBands(("B04", "B08"), cells=True)


def test_classes_come_with_the_scenes_and_radar_always():
    assert choose_bands(L2A, LEARNT, METHODS["scl"], factor=6, offers_cells=True) == ChosenBands((*LEARNT, "SCL"))
    assert choose_bands(("VV", "VH"), LEARNT, radar.METHOD, factor=6, offers_cells=True) == ChosenBands(("VV", "VH"))
    with pytest.raises(DataError, match="has none of the bands B99"):
        choose_bands(L1C, ("B99",), METHODS["s2cloudless"], factor=6, offers_cells=True)
