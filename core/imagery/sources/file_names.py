"""Facts in the names of image files: sensing time, satellite, tile and processing."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from ...errors import DataError

# Products that name the time of processing beside the sensing time. `time` is the sensing time, or the start of the
# datatake; `version` and `made` are the processing baseline or collection, and the time or number of the processing.
# Sentinel-2: S2A_MSIL2A_20170731T100031_N0205_R122_T33TWM_20170731T100536; before December 2016
# S2A_OPER_PRD_MSIL1C_PDMC_20160318T145513_R022_V20160318T095127_20160318T095127; Earth Engine
# 20170731T100031_20170731T100536_T33TWM; Earth Search S2A_33TWM_20170731_0_L2A. Sentinel-1:
# S1A_IW_GRDH_1SDV_20190125T051500_20190125T051525_025025_02C2A1_ABCD. Landsat:
# LC08_L2SP_190028_20190115_20200829_02_T1; before 2017 LC81900282019015LGN00; analysis ready
# LC08_CU_008010_20190115_20200829_C01_V01_SR. HLS: HLS.S30.T33TWM.2017212T100031.v2.0.
_PRODUCTS = tuple(
    re.compile(rf"(?<![A-Z0-9]){pattern}(?![A-Z0-9])", re.IGNORECASE)
    for pattern in (
        r"(?P<platform>S2[A-Z])_MSI(?P<level>L\w)\w_(?P<time>\d{8}T\d{6})_N(?P<version>\d{4})_R\d{3}_T(?P<tile>\w{5})_"
        r"(?P<made>\d{8}T\d{6})",
        r"(?P<platform>S2[A-Z])_(?:OPER|USER)_PRD_MSI(?P<level>L\w)\w_\w{4}_(?P<made>\d{8}T\d{6})_R\d{3}_V(?P<time>\d{8}T\d{6})_\d{8}T\d{6}",
        r"(?P<time>\d{8}T\d{6})_(?P<made>\d{8}T\d{6})_T(?P<tile>\d\d[A-Z]{3})",
        r"(?P<platform>S2[A-Z])_(?P<tile>\d{1,2}[A-Z]{3})_(?P<time>\d{8})_(?P<made>\d{1,2})_(?P<level>L[12])[CA]",
        r"(?P<platform>S1[A-Z])_\w{2}_\w{4}_\w{4}_(?P<time>\d{8}T\d{6})_\d{8}T\d{6}_\d{6}",
        r"(?P<platform>L[A-Z]\d\d)_(?P<level>L\w)\w\w_(?P<tile>\d{6})_(?P<time>\d{8})_(?P<made>\d{8})_(?P<version>\d\d)_(?:T[12]|RT)",
        r"(?P<platform>L[A-Z]\d\d)_(?:CU|AK|HI)_(?P<tile>\d{6})_(?P<time>\d{8})_(?P<made>\d{8})_C?(?P<version>\d\d)",
        r"(?P<platform>L[A-Z]\d)(?P<tile>\d{6})(?P<time>\d{7})[A-Z]{3}(?P<version>\d\d)",
        r"HLS\.(?P<platform>[SL]30)\.T(?P<tile>\w{5})\.(?P<time>\d{7}T\d{6})\.v(?P<version>\d\.\d)",
    )
)
_FORMATS = {15: "%Y%m%dT%H%M%S", 14: "%Y%jT%H%M%S", 8: "%Y%m%d", 7: "%Y%j"}
# S2A_OPER_MSI_L1C_TL_SGS__20160318T145513_A003858_T33TWM: the time is that of processing.
_WITHOUT_SENSING_TIME = re.compile(r"S2[A-Z]_OPER_MSI_L\w\w_TL_", re.IGNORECASE)
_PLATFORM = re.compile(r"(?<![A-Z0-9])(S[12][A-D]|L[COTEM]0?\d)(?![A-Z0-9])", re.IGNORECASE)

# Any date from 1970 to 2099, with a time after it: ISO 8601, basic or extended, or other usual separators.
_STAMP = re.compile(
    r"""(?<!\d)(?P<Y>19[7-9]\d|20\d\d)(?P<s>[-_.]?)(?P<m>\d\d)(?P=s)(?P<d>\d\d)
    (?: (?P<sign>[T _-]?)(?P<H>\d\d)(?P<c>[:_.-]?)(?P<M>\d\d)(?P=c)(?P<S>\d\d)(?:[.,]\d+)?(?!\d)
      | (?P<T>[T ])(?P<H2>\d\d)[:_.-]?(?P<M2>\d\d)(?!\d) )?
    (?P<zone>[+]\d\d:?\d\d|-\d\d:\d\d)?(?!\d)""",
    re.VERBOSE | re.IGNORECASE,
)
# The band in the name of a file of one band: …_B02, …_B02_10m, …_SR_B4, …_QA_PIXEL.
BAND_IN_NAME = re.compile(r"[_.-]((?:SR_)?B\d?[\dA]|SCL|Fmask|QA_PIXEL|AOT|WVP)(?:_\d\dm)?$", re.IGNORECASE)
_HOW = "Rename it so that it has only the sensing time, such as S2_20170731T100031.tif (UTC)."


@dataclass(frozen=True)
class NamedImage:
    """Facts in a file's name: sensing time (UTC), satellite, level of processing (L1 or L2), tile, and processing.

    `version` is the baseline or collection, `made` the time or number of the processing; both are larger if newer. All
    but the time are empty if unknown.
    """

    time: datetime
    platform: str = ""
    level: str = ""
    tile: str = ""
    version: str = ""
    made: str = ""


def read_name(stem: str, name: str) -> NamedImage:
    """The facts in the stem of a file's name; without a time of day, the time is midnight.

    Names of known products have the sensing time beside that of processing. Raises DataError, with the file's `name`,
    if there is no date, or more than one.
    """
    for pattern in _PRODUCTS:
        found = pattern.search(stem)
        if found:
            return _product(found, name)
    if _WITHOUT_SENSING_TIME.search(stem):
        raise DataError(f"{name}: its name has the time of processing, not the sensing time. {_HOW}")
    platform = _PLATFORM.search(stem)
    return NamedImage(_only_time(stem, name), platform=platform.group(1).upper() if platform else "")


def _product(found: re.Match[str], name: str) -> NamedImage:
    facts = {key: (value or "").upper() for key, value in found.groupdict().items()}
    text = facts.pop("time")
    try:
        time = datetime.strptime(text, _FORMATS[len(text)]).replace(tzinfo=timezone.utc)
    except ValueError:
        raise DataError(f"{name}: {text} is not a time.") from None
    return NamedImage(time, **{**facts, "made": facts.get("made", "").zfill(2)})


def _only_time(stem: str, name: str) -> datetime:
    days: dict[datetime, str] = {}
    times: dict[datetime, str] = {}
    for found in _STAMP.finditer(stem):
        day, time = _day(found), _time_of_day(found)
        if day is None or (time is None and (found["sign"] or found["T"] or "").upper() == "T"):
            if found["H"] or found["H2"]:
                raise DataError(f"{name}: {found.group()} is not a time (YYYYMMDDTHHMMSS).")
        elif time is None:
            days[day] = found.group()
        else:
            times[day + time] = found.group()
    seen = {time.replace(hour=0, minute=0, second=0) for time in times}
    candidates = {**{day: text for day, text in days.items() if day not in seen}, **times}
    if not candidates:
        raise DataError(f"{name}: no sensing time in the name. {_HOW}")
    if len(candidates) > 1:
        raise DataError(f"{name}: its name has several dates: {' and '.join(candidates.values())}. {_HOW}")
    return next(iter(candidates))


def _day(found: re.Match[str]) -> datetime | None:
    """The day of a stamp at midnight UTC; None if there is no such day."""
    try:
        return datetime(int(found["Y"]), int(found["m"]), int(found["d"]), tzinfo=timezone.utc)
    except ValueError:
        return None


def _time_of_day(found: re.Match[str]) -> timedelta | None:
    """The time of day of a stamp in UTC; None if it has none, or no valid one."""
    hour, minute = found["H"] or found["H2"], found["M"] or found["M2"]
    if hour is None or int(hour) > 23 or int(minute) > 59 or int(found["S"] or 0) > 59:
        return None
    zone = found["zone"] or "+0000"
    behind = timedelta(hours=int(zone[1:3]), minutes=int(zone[-2:]))
    time = timedelta(hours=int(hour), minutes=int(minute), seconds=int(found["S"] or 0))
    return time - behind if zone[0] == "+" else time + behind
