"""The record of the labels of a workspace."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from ..vocabulary.classes import ClassScheme


@dataclass(frozen=True)
class LabelRecord:
    """The record of rasterizereference.

    `fingerprints` by patch id; the `reference`, its `class_field` and the `erosion` in pixels that labels are made
    with; `pixels` and `polygons` are the labelled pixels and the polygons of each class id; `notes` are for the user.
    """

    STEP: ClassVar[str] = "rasterizereference"
    fingerprints: Mapping[str, str]
    classes: ClassScheme
    reference: str
    class_field: str
    erosion: int
    pixels: Mapping[int, int]
    polygons: Mapping[int, int]
    notes: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {
            "fingerprints": dict(self.fingerprints),
            "classes": self.classes.to_json(),
            "settings": {"reference": self.reference, "class_field": self.class_field, "erosion": self.erosion},
            "pixels": {str(id_): number for id_, number in self.pixels.items()},
            "polygons": {str(id_): number for id_, number in self.polygons.items()},
            "notes": list(self.notes),
        }

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> LabelRecord:
        """The inverse of `to_json`."""
        return cls(
            values["fingerprints"],
            ClassScheme.from_json(values["classes"]),
            **values["settings"],
            pixels={int(id_): number for id_, number in values["pixels"].items()},
            polygons={int(id_): number for id_, number in values["polygons"].items()},
            notes=tuple(values["notes"]),
        )
