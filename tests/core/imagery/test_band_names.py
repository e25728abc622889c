"""Bands by their names, against the tables of Sentinel-2, Landsat and the eo extension of STAC."""

import pytest

from patchwork.core.errors import DataError
from patchwork.core.imagery.sources.band_names import standard_names

NUMBERS = ("1", "2", "3", "4", "5", "6", "7", "8", "8A", "9", "10", "11", "12")
BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")


@pytest.mark.parametrize("spelling", ["B{}", "b{}", "Band {}", "band_{}", "{}", " B{} ", "B{}, wavelength 665 nm"])
def test_numbers_of_sentinel_2(spelling):
    assert standard_names([spelling.format(number) for number in NUMBERS]) == BANDS


@pytest.mark.parametrize(
    ("names", "bands"),
    [
        (BANDS, BANDS),
        (("b02", "b8a", "scl"), ("B02", "B8A", "SCL")),
        (("B2", "B3", "B4", "B5", "B6", "B7", "B8"), BANDS[1:8]),
        (("red", "Green", "BLUE", "nir"), ("B04", "B03", "B02", "B08")),
        (("nir", "nir08", "rededge1", "Red Edge 2", "swir16", "SWIR_2"), ("B08", "B8A", "B05", "B06", "B11", "B12")),
        (("B4 (Red)", "B8 (NIR)"), ("B04", "B08")),
        (("Red (B04)", "Near infrared"), ("B04", "B08")),
        (("T33TWM_20170731T100031_B04_10m", "B8A_20m"), ("B04", "B8A")),
        (("B04_Red", "nir-B8", "B4_NIR", "red_std"), ("B04", "B08", "B4_NIR", "red_std")),
        (("vv", "VH"), ("VV", "VH")),
        (("B04", "CLP", "NDVI (red, nir)", "sur_refl_b01"), ("B04", "CLP", "NDVI (red, nir)", "sur_refl_b01")),
        (("B01", "B02", "B03", "B04"), ("B01", "B02", "B03", "B04")),
        (("SR_B2", "SR_B4", "SR_B5", "SR_B6", "SR_B7", "QA_PIXEL"), ("B02", "B04", "B08", "B11", "B12", "QA")),
        (("red", "nir08", "qa_pixel"), ("B04", "B08", "QA")),
    ],
)
def test_usual_spellings(names, bands):
    assert standard_names(names) == bands


@pytest.mark.parametrize(
    ("platform", "names", "bands"),
    [
        ("LC08", ("B2", "B4", "B5", "B6", "B7", "B8", "B10"), ("B02", "B04", "B08", "B11", "B12", "pan", "lwir11")),
        ("LE07", ("B1", "B2", "B3", "B4", "B5", "B6", "B7"), ("B02", "B03", "B04", "B08", "B11", "lwir", "B12")),
        ("LT5", ("SR_B3", "SR_B4"), ("B04", "B08")),
        ("LC08", ("B02", "B03", "B04", "B08", "B11", "QA"), ("B02", "B03", "B04", "B08", "B11", "QA")),
        ("L30", ("B04", "B05", "B06"), ("B04", "B08", "B11")),
        ("S30", ("B04", "B05", "B8A"), ("B04", "B05", "B8A")),
    ],
)
def test_numbers_of_landsat(platform, names, bands):
    assert standard_names(names, platform) == bands


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ((None, None), "bands have no names. Its bands are: without a name, without a name. .*BAND_NAMES"),
        (("B04", ""), "bands have no names. Its bands are: B04, without a name"),
        (("Band 1", "Band 2", "Band 3", "Band 4"), "not certain which bands its numbers mean. Its bands are: Band 1"),
        (("B1", "B2", "B3", "B4"), "not certain which bands its numbers mean"),
        ([f"Band {number}" for number in range(1, 14)], "not certain which bands its numbers mean"),
        ([f"b{number}" for number in range(1, 13)], "not certain which bands its numbers mean"),
        (("B2", "B3", "B4", "B5", "B6", "B7"), "not certain which bands its numbers mean"),
        (("SR_B2", "SR_B3", "SR_B4", "SR_B5"), "not certain which Landsat"),
        (("B4 (NIR)", "B3"), r"the name 'B4 \(NIR\)' means two bands"),
        (("nir", "B8"), "several bands are B08. Its bands are: nir, B8"),
        (("B04", "B04"), "several bands are B04"),
    ],
)
def test_names_without_a_certain_meaning_are_refused_and_listed(names, reason):
    with pytest.raises(DataError, match=reason):
        standard_names(names)


def test_numbers_that_the_user_gives_are_those_of_sentinel_2():
    assert standard_names(("1", "2", "b3", "nir", "other"), by_hand=True) == ("B01", "B02", "B03", "B08", "other")
