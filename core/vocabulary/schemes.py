"""Class schemes that are in use beyond one map: their ids, names and colours, in resources/schemes."""

from __future__ import annotations

from dataclasses import dataclass

from ..registry import Registry
from .classes import ClassScheme, read_scheme


@dataclass(frozen=True)
class KnownScheme:
    """A scheme by the name of its file."""

    name: str
    label: str

    @property
    def classes(self) -> ClassScheme:
        """Its classes."""
        return read_scheme(self.name)

    def apply(self, own: ClassScheme, has_ids: bool) -> tuple[ClassScheme, int]:
        """Classes with the names and colours of this scheme, and how many of them are in it.

        They are found by name; where no name is known, by id, if the reference has ids (`has_ids`) rather than numbers
        that were given to its names. A class keeps its own name if it has one.
        """
        by_name = {entry.name.casefold(): entry for entry in self.classes.classes}
        by_id = {entry.id: entry for entry in self.classes.classes}
        found = {entry.id: by_name[entry.name.casefold()] for entry in own.classes if entry.name.casefold() in by_name}
        if not found and has_ids:
            found = {id_: by_id[id_] for id_ in own.ids if id_ in by_id}
        nameless = [entry for entry in own.classes if entry.id in found and entry.name == str(entry.id)]
        names = {entry.id: found[entry.id].name for entry in nameless}
        return own.changed(names, {id_: entry.colour for id_, entry in found.items()}), len(found)


SCHEMES: Registry[KnownScheme] = Registry(
    "Class scheme (CLASS_SCHEME)",
    (
        KnownScheme("land_cover", "Land cover of the eo-learn article"),
        KnownScheme("world_cover", "ESA WorldCover"),
        KnownScheme("corine_1", "CORINE, level 1"),
        KnownScheme("corine_2", "CORINE, level 2"),
        KnownScheme("lucas", "LUCAS, level 1"),
    ),
)
