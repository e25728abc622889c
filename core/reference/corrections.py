"""Corrections: other classes for single polygons of a reference, whose layer stays as it is."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from ..errors import ParameterError
from ..vocabulary.class_entries import Find

UNKNOWN = "0"


def correct(
    class_ids: np.ndarray, features: np.ndarray, entries: Sequence[str], find: Find
) -> tuple[np.ndarray, tuple[int, ...]]:
    """Class ids (n,) of the polygons with feature ids (n,), with some replaced, and feature ids that there are not.

    An entry is `polygon=class`, the class by name or id, or 0 for unknown; `find` gives the ids of a class. Raises
    ParameterError for any other entry.
    """
    matches = [re.fullmatch(r"([0-9]+)\s*=\s*(.+)", entry) for entry in entries]
    wrong = [
        entry
        for entry, match in zip(entries, matches, strict=True)
        if match is None or (match[2] != UNKNOWN and not find(match[2]))
    ]
    if wrong:
        raise ParameterError(
            f"Corrections (CORRECTIONS): not a polygon and a class of the reference, such as 17=2: {', '.join(wrong)}."
        )
    given = {int(match[1]): (find(match[2]) or (0,))[0] for match in matches if match}
    places = {int(feature): place for place, feature in enumerate(features.tolist())}
    corrected = class_ids.copy()
    for feature, id_ in given.items():
        if feature in places:
            corrected[places[feature]] = id_
    return corrected, tuple(feature for feature in given if feature not in places)
