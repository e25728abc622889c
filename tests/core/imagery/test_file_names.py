"""Sensing times in the names of image files, against the naming conventions of the products."""

from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.errors import DataError
from patchwork.core.imagery.sources.file_names import read_name

SENSED, MADE = "20170731T100031", "20180802T100536"
MOMENT = datetime(2017, 7, 31, 10, 0, 31, tzinfo=timezone.utc)
DAY = datetime(2017, 7, 31, tzinfo=timezone.utc)


@pytest.mark.parametrize(
    ("name", "time", "product"),
    [
        (f"S2A_MSIL2A_{SENSED}_N0205_R122_T33TWM_{MADE}", MOMENT, ("S2A", "33TWM", "0205", MADE)),
        (f"clip_S2A_MSIL1C_{SENSED}_N0205_R122_T33TWM_{MADE}_10m", MOMENT, ("S2A", "33TWM", "0205", MADE)),
        (f"s2b_msil2a_{SENSED}_n0500_r122_t33twm_{MADE}".lower(), MOMENT, ("S2B", "33TWM", "0500", MADE)),
        (f"S2A_OPER_PRD_MSIL1C_PDMC_{MADE}_R022_V{SENSED}_{SENSED}", MOMENT, ("S2A", "", "", MADE)),
        (f"S2A_USER_PRD_MSIL2A_PDMC_{MADE}_R022_V{SENSED}_{SENSED}", MOMENT, ("S2A", "", "", MADE)),
        (f"{SENSED}_{MADE}_T33TWM", MOMENT, ("", "33TWM", "", MADE)),
        ("S2A_33TWM_20170731_1_L2A", DAY, ("S2A", "33TWM", "", "01")),
        ("LC08_L2SP_190028_20170731_20200829_02_T1", DAY, ("LC08", "190028", "02", "20200829")),
        ("LC08_CU_008010_20170731_20200829_C01_V01_SR", DAY, ("LC08", "008010", "01", "20200829")),
        ("LC81900282017212LGN00", DAY, ("LC8", "190028", "00", "00")),
        ("HLS.S30.T33TWM.2017212T100031.v2.0", MOMENT, ("S30", "33TWM", "2.0", "00")),
        (f"S1A_IW_GRDH_1SDV_{SENSED}_20170731T100056_025025_02C2A1_ABCD", MOMENT, ("S1A", "", "", "00")),
    ],
)
def test_products_name_the_sensing_time_beside_that_of_processing(name, time, product):
    found = read_name(name, f"{name}.tif")
    assert (found.time, (found.platform, found.tile, found.version, found.made)) == (time, product)


@pytest.mark.parametrize("prefix", ["", "S2_", "T33TWM_S2A_", "field 7 ", "emit"])
@pytest.mark.parametrize("suffix", ["", "_B04", "_10m", " (1)", "_3B_Analytic", "Z_x"])
@pytest.mark.parametrize(
    ("text", "time"),
    [
        (SENSED, MOMENT),
        ("20170731t100031", MOMENT),
        ("20170731100031", MOMENT),
        ("20170731_100031", MOMENT),
        ("20170731-100031-123", MOMENT),
        ("2017-07-31T10:00:31", MOMENT),
        ("2017-07-31T10:00:31.024", MOMENT),
        ("2017-07-31 10-00-31", MOMENT),
        ("2017-07-31T100031", MOMENT),
        ("2017-07-31T12:00:31+02:00", MOMENT),
        ("2017-07-31T05:00:31-05:00", MOMENT),
        ("20170731T1000", MOMENT.replace(second=0)),
        ("2017-07-31T10:00", MOMENT.replace(second=0)),
        ("20170731", DAY),
        ("2017-07-31", DAY),
        ("2017_07_31", DAY),
        ("2017.07.31", DAY),
    ],
)
def test_dates_and_times_are_found_wherever_they_stand(prefix, suffix, text, time):
    assert read_name(f"{prefix}{text}{suffix}", "x.tif").time == time


@given(st.datetimes(datetime(1970, 1, 1), datetime(2099, 12, 31)))
def test_names_that_end_in_a_time_have_that_time(moment):
    moment = moment.replace(microsecond=0, tzinfo=timezone.utc)
    assert read_name(f"S2_L2A_{moment:%Y%m%dT%H%M%S}", "x.tif").time == moment


def test_a_day_beside_the_time_of_the_same_day_is_no_second_date():
    assert read_name(f"20170731_{SENSED}", "x.tif").time == MOMENT


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (f"S2_{SENSED}_{MADE}", rf"x\.tif: its name has several dates: {SENSED} and {MADE}\. Rename it"),
        ("S2_20170731_20180802", "several dates: 20170731 and 20180802"),
        ("S2_20170731T100031_20170731T120000", "several dates: 20170731T100031 and 20170731T120000"),
        ("2017-07-01_2017-07-31", "several dates: 2017-07-01 and 2017-07-31"),
        ("latest", "no sensing time in the name"),
        ("31072017", "no sensing time in the name"),
        ("2017-07", "no sensing time in the name"),
        ("tile_20201345", "no sensing time in the name"),
        ("20191301T100000", "20191301T100000 is not a time"),
        ("20190101T250000", "20190101T250000 is not a time"),
        (f"S2A_MSIL2A_20171331T100031_N0205_R122_T33TWM_{MADE}", "20171331T100031 is not a time"),
        (f"S2A_OPER_MSI_L1C_TL_SGS__{MADE}_A003858_T33TWM", "time of processing, not the sensing time"),
    ],
)
def test_names_without_one_certain_time_are_refused(name, reason):
    with pytest.raises(DataError, match=reason):
        read_name(name, "x.tif")
