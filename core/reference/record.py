"""The record of the labels of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from ..store.records import Record
from ..vocabulary.classes import ClassScheme


@dataclass(frozen=True)
class LabelSettings:
    """The vector layer, its class field, and the erosion in pixels."""

    reference: str
    class_field: str
    erosion: int


@dataclass(frozen=True)
class LabelRecord(Record):
    """The record of rasterizereference.

    `fingerprints` by patch id; `pixels` and `polygons` are the labelled pixels and the polygons of each class id;
    `notes` are for the user; `reference` is the fingerprint of the polygons that are used, `aliases`
    the class id by each name of the layer that the map has not.
    """

    STEP: ClassVar[str] = "rasterizereference"
    fingerprints: Mapping[str, str]
    classes: ClassScheme
    settings: LabelSettings
    pixels: Mapping[int, int]
    polygons: Mapping[int, int]
    notes: tuple[str, ...]
    reference: str = ""
    aliases: Mapping[str, int] = field(default_factory=dict)
