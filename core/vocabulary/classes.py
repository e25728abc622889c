"""The classes of a map: ids as the user gave them, names and colours."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import DataError

_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_SCHEMES = Path(__file__).parents[2] / "resources" / "schemes"

# Colours for classes without a scheme: Paul Tol's "muted" and "light" schemes, safe for colour-blind readers.
_PALETTE = (
    "#ddcc77 #117733 #88ccee #cc6677 #332288 #44aa99 #999933 #aa4499 #882255 #77aadd #ee8866 #eedd88 #ffaabb "
    "#99ddff #bbcc33 #aaaa00 #dddddd"
).split()


@dataclass(frozen=True)
class LandCoverClass:
    """One class: the id in the map (1 to 65535), its name, its colour as #rrggbb."""

    id: int
    name: str
    colour: str

    @property
    def rgb(self) -> tuple[int, int, int]:
        """Red, green and blue, 0 to 255."""
        return int(self.colour[1:3], 16), int(self.colour[3:5], 16), int(self.colour[5:7], 16)


@dataclass(frozen=True)
class ClassScheme:
    """The classes in order of id."""

    classes: tuple[LandCoverClass, ...]

    @classmethod
    def of(cls, names: Mapping[int, str]) -> ClassScheme:
        """A scheme of these ids and names, with the colours of the land-cover scheme or of a palette."""
        known = _known_colours()
        chosen = {id_: known[name.lower()] for id_, name in names.items() if name.lower() in known}
        free = [colour for colour in _PALETTE if colour not in chosen.values()]
        others = sorted(set(names) - set(chosen))
        chosen |= {id_: free[number % len(free)] for number, id_ in enumerate(others)}
        return cls(tuple(LandCoverClass(id_, names[id_], chosen[id_]) for id_ in sorted(names)))

    @property
    def ids(self) -> tuple[int, ...]:
        """The ids in order."""
        return tuple(entry.id for entry in self.classes)

    @property
    def dtype(self) -> str:
        """The smallest type of raster that holds the ids: uint8, or uint16 above 255."""
        return "uint8" if max(self.ids, default=0) <= 255 else "uint16"

    @property
    def colour_table(self) -> dict[int, tuple[int, int, int]]:
        """Id to (red, green, blue)."""
        return {entry.id: entry.rgb for entry in self.classes}

    def name(self, id_: int) -> str:
        """The name of an id."""
        return next(entry.name for entry in self.classes if entry.id == id_)

    def only(self, ids: Sequence[int]) -> ClassScheme:
        """The scheme of these ids alone, with the same names and colours."""
        return ClassScheme(tuple(entry for entry in self.classes if entry.id in ids))

    def changed(self, names: Mapping[int, str], colours: Mapping[int, str]) -> ClassScheme:
        """The scheme with other names and colours (#rrggbb) for some of its ids."""
        return ClassScheme(
            tuple(
                LandCoverClass(entry.id, names.get(entry.id, entry.name), colours.get(entry.id, entry.colour))
                for entry in self.classes
            )
        )

    def find(self, words: Sequence[str]) -> tuple[tuple[int, ...], tuple[str, ...]]:
        """The ids of the classes given by name or id, and the words that are neither."""
        found = {word: self.ids_of(word) for word in words}
        ids = tuple(id_ for word in words for id_ in found[word])
        return ids, tuple(word for word in words if not found[word])

    def ids_of(self, word: str) -> tuple[int, ...]:
        """The ids of the classes with this name; if there is none, the class with this id."""
        named = tuple(entry.id for entry in self.classes if entry.name == word)
        return named or tuple(entry.id for entry in self.classes if str(entry.id) == word)

    def to_json(self) -> list[dict[str, Any]]:
        """As JSON values, for files and raster tags."""
        return [asdict(entry) for entry in self.classes]

    @classmethod
    def from_json(cls, rows: Sequence[Mapping[str, Any]]) -> ClassScheme:
        """The inverse of `to_json`; DataError if a colour is not #rrggbb, which pages and styles contain as it is."""
        wrong = [str(row["colour"]) for row in rows if not _COLOUR.fullmatch(str(row["colour"]))]
        if wrong:
            raise DataError(f"{', '.join(wrong)}: not a colour such as #ffff00. The classes come from a damaged file.")
        return cls(tuple(LandCoverClass(int(row["id"]), str(row["name"]), str(row["colour"])) for row in rows))


def read_scheme(name: str) -> ClassScheme:
    """The scheme of a file in resources/schemes."""
    rows = json.loads((_SCHEMES / f"{name}.json").read_text(encoding="utf-8"))
    return ClassScheme.from_json(rows)


@lru_cache(maxsize=1)
def _known_colours() -> dict[str, str]:
    """The colours of the land-cover scheme by name."""
    return {entry.name: entry.colour for entry in read_scheme("land_cover").classes}
