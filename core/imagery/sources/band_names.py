"""Names of bands as people and programs write them, and the bands of Sentinel-2 that they mean."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from ...errors import DataError
from ...vocabulary.bands import RADAR_BANDS

# Common names of the eo extension of STAC and others, with the Sentinel-2 band of each.
COMMON = {
    "coastal": "B01",
    "coastalaerosol": "B01",
    "blue": "B02",
    "green": "B03",
    "red": "B04",
    "rededge1": "B05",
    "rededge071": "B05",
    "rededge2": "B06",
    "rededge075": "B06",
    "rededge3": "B07",
    "rededge078": "B07",
    "nir": "B08",
    "nearinfrared": "B08",
    "nir08": "B8A",
    "narrownir": "B8A",
    "nir09": "B09",
    "watervapour": "B09",
    "watervapor": "B09",
    "cirrus": "B10",
    "swir1": "B11",
    "swir16": "B11",
    "swir2": "B12",
    "swir22": "B12",
    "scl": "SCL",
}
# Landsat's near infrared is used as B08; its quality bits flag clouds.
LANDSAT = {**COMMON, "nir08": "B08", "qa_pixel": "QA"}

# The bands of Landsat by number: 8 and 9, and 4 to 7. Panchromatic and thermal bands have no counterpart.
_OLI = {"1": "B01", "2": "B02", "3": "B03", "4": "B04", "5": "B08", "6": "B11", "7": "B12", "8": "pan", "9": "B10"}
_OLI |= {"10": "lwir11", "11": "lwir12"}
_TM = {"1": "B02", "2": "B03", "3": "B04", "4": "B08", "5": "B11", "6": "lwir", "7": "B12", "8": "pan"}
_SENTINEL_2 = {str(number): f"B{number:02}" for number in range(1, 13)} | {"8A": "B8A"}

# Band 4, B4, B04, B04_10m, T33TWM_20170731T100031_B04_10m, SR_B4 of Landsat's surface reflectance.
_NUMBERED = re.compile(r"(?:T\w{5}_\d{8}T\d{6}_)?(SR_)?(BAND|B)?[ _-]*(0?)(1?\d|8A)(?:_\d\dm)?", re.IGNORECASE)
_BY_HAND = "Give their names in their order in BAND_NAMES, such as BAND_NAMES=B02,B03,B04,B08."


def standard_names(names: Sequence[str | None], platform: str = "", *, by_hand: bool = False) -> tuple[str, ...]:
    """The bands by their names in a file, in order: B02, B8A, SCL; names without a known meaning stay as they are.

    `platform` is the satellite if it is known (LC08): Landsat numbers its bands differently. `by_hand`: the names are
    the user's, so that band numbers are Sentinel-2's. Raises DataError, which lists the names, if a name is missing,
    two bands have the same, or the meaning of the numbers is not certain.
    """
    given = [(name or "").strip() for name in names]
    listed = f"Its bands are: {', '.join(name or 'without a name' for name in given)}."
    if not all(given):
        raise DataError(f"its bands have no names. {listed} {_BY_HAND}")
    numbers = _SENTINEL_2 if by_hand else _numbers(given, platform, listed)
    common = LANDSAT if numbers in (_OLI, _TM) else COMMON
    found = tuple(_meaning(name, numbers, common, listed) for name in given)
    twice = sorted({name for name in found if found.count(name) > 1})
    if twice:
        raise DataError(f"several bands are {', '.join(twice)}. {listed} {_BY_HAND}")
    return found


def _numbers(given: Sequence[str], platform: str, listed: str) -> Mapping[str, str]:
    """The bands that the numbers in the names mean; DataError if that is not certain."""
    found = [match for match in map(_NUMBERED.fullmatch, (_parts(name)[0] for name in given)) if match]
    numbers = [match[4].upper() for match in found]
    is_plain = not any(match[3] for match in found)
    if platform == "L30" or (platform[:1] == "L" and is_plain):
        return _TM if platform[-1] in "4567" else _OLI
    if any(match[1] for match in found) or "qa_pixel" in map(str.lower, given):
        if "6" in numbers or not numbers:  # only Landsat 8 and 9 have surface reflectance of band 6
            return _OLI
        raise DataError(f"it is not certain which Landsat its band numbers mean. {listed} {_BY_HAND}")
    are_positions = numbers == [str(place) for place in range(1, len(given) + 1)]  # the ninth may be B8A
    may_be_landsat = {"5", "6", "7"} <= set(numbers) and not {"8", "8A", "11", "12"} & set(numbers)
    if found and is_plain and (are_positions or may_be_landsat):
        raise DataError(f"it is not certain which bands its numbers mean. {listed} {_BY_HAND}")
    return _SENTINEL_2


def _parts(name: str) -> list[str]:
    """The words of a name such as `B4 (Red)` or `B4, central wavelength 665 nm`."""
    return [part.strip() for part in re.split(r"[(),:;]| - ", name) if part.strip()] or [name]


def _meaning(name: str, numbers: Mapping[str, str], common: Mapping[str, str], listed: str) -> str:
    """The band of a name; the name itself if it is not known."""
    first, *others = _parts(name)
    band = _band(first, numbers, common)
    if not band:  # B04_Red, if all words mean the same
        words = {_band(word, numbers, common) for word in re.split(r"[ _-]+", first)}
        band = words.pop() if len(words) == 1 else ""
    for other in others:
        if band and _band(other, numbers, common) not in ("", band):
            raise DataError(f"the name {name!r} means two bands. {listed} {_BY_HAND}")
    return band or name


def _band(word: str, numbers: Mapping[str, str], common: Mapping[str, str]) -> str:
    match = _NUMBERED.fullmatch(word)
    if match:
        return numbers.get(match[4].upper(), "")
    if word.upper() in RADAR_BANDS:
        return word.upper()
    return common.get(word.lower()) or common.get(re.sub(r"[ _-]", "", word.lower()), "")
