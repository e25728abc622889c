"""The cloud detection methods: one record in a file of its own and one line here each."""

from __future__ import annotations

from collections.abc import Collection

from ...errors import DataError
from ...registry import Registry
from ...vocabulary.bands import RADAR_BANDS
from . import clp, qa, radar, s2cloudless, scl
from .record import CloudMethod

# `auto` uses the first one whose bands the imagery has.
METHODS = Registry("Cloud detection (METHOD)", (scl.METHOD, qa.METHOD, s2cloudless.METHOD, clp.METHOD))
AUTO = "auto"


def cloud_method(choice: str, bands: Collection[str]) -> CloudMethod:
    """The method for imagery with these bands: the chosen one, or the one that `auto` selects; for radar, none.

    Raises DataError if the imagery does not have the bands that the method needs.
    """
    if set(bands) <= set(RADAR_BANDS):
        return radar.METHOD
    if choice == AUTO:
        possible = [method for method in METHODS.values() if set(method.bands) <= set(bands)]
        method = possible[0] if possible else s2cloudless.METHOD
    else:
        method = METHODS[choice]
    missing = [band for band in method.bands if band not in bands]
    if missing:
        raise DataError(
            f"Cloud detection (METHOD) {method.name} needs {', '.join(method.bands)}; this imagery has no "
            f"{', '.join(missing)}. {method.instead}"
        )
    return method


def method_named(name: str) -> CloudMethod:
    """The method of that name in a record; ParameterError if there is none."""
    return radar.METHOD if name == radar.METHOD.name else METHODS[name]
