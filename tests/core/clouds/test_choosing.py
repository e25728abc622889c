"""Which bands are fetched, worked by hand."""

import pytest

from patchwork.core.clouds.choosing import ChosenBands, choose_bands
from patchwork.core.clouds.methods import METHODS, cloud_method, radar
from patchwork.core.clouds.methods.record import MaskOptions
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


def options(factor):
    return MaskOptions(threshold=0.4, average_over=2, dilation=1, cell_factor=factor)


def test_the_detectors_bands_come_apart_where_that_is_less():
    def chosen(learnt, factor, offers_cells=True):
        found = choose_bands(L1C, learnt, METHODS["s2cloudless"], options(factor), offers_cells=offers_cells)
        assert found.around == DETECTOR_BANDS
        assert found.reach == 3 * factor + factor - 1  # three cells, seen from the far pixel of a cell
        return found.scene, found.cells

    together = tuple(band for band in L1C if band in LEARNT or band in DETECTOR_BANDS)
    assert chosen(LEARNT, 6) == (LEARNT, True)  # 6 + 10 / 36 against 11
    assert chosen(LEARNT, 2) == (LEARNT, True)  # 6 + 10 / 4 against 11
    assert chosen(LEARNT, 1) == (together, False)
    assert chosen(LEARNT, 6, offers_cells=False) == (together, False)
    assert chosen(L1C, 6) == (L1C, False)  # all of them are wanted anyway
    assert chosen(("B04", "B08"), 6) == (("B04", "B08"), True)


def test_classes_come_with_the_scenes_and_radar_always():
    def chosen(offered, method):
        return choose_bands(offered, LEARNT, method, options(6), offers_cells=True)

    assert chosen(L2A, METHODS["scl"]) == ChosenBands((*LEARNT, "SCL"), False, ("SCL",), 1)
    assert chosen(("VV", "VH"), radar.METHOD) == ChosenBands(("VV", "VH"))
    with pytest.raises(DataError, match="has none of the bands B99"):
        choose_bands(L1C, ("B99",), METHODS["s2cloudless"], options(6), offers_cells=True)
