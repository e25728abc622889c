"""The record of the map of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from ..store.records import Record
from ..vocabulary.classes import ClassScheme


@dataclass(frozen=True)
class MapRecord(Record):
    """The record of classifypatches: fingerprints by patch id, classes, radius of smoothing, the model's file and
    identity (None in records of early versions), and the further layers that were requested."""

    STEP: ClassVar[str] = "classifypatches"
    fingerprints: Mapping[str, str]
    classes: ClassScheme
    smoothing: int
    model: str
    identity: str | None = None
    layers: tuple[str, ...] = ()
