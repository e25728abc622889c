"""The classes of a reference: as its layer has them, and as the map shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from ..vocabulary.class_entries import read_colours, read_merges, read_names
from ..vocabulary.classes import ClassScheme
from ..vocabulary.plurals import listed
from ..vocabulary.schemes import SCHEMES


@dataclass(frozen=True)
class ClassSettings:
    """What is wished: a known scheme, names (`class=name`), colours (`class=#rrggbb`), merges (`class=class`) and
    classes to skip, each by name or id."""

    scheme: str | None = None
    names: Sequence[str] = ()
    colours: Sequence[str] = ()
    merges: Sequence[str] = ()
    skipped: Sequence[str] = ()


AS_IN_LAYER = ClassSettings()


@dataclass(frozen=True)
class ReferenceClasses:
    """The classes of a layer (`own`), the same with names and colours of the map, ids that become others, and skipped
    ids. `problems` are entries that concern no class."""

    own: ClassScheme
    named: ClassScheme
    merges: Mapping[int, int] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()
    problems: tuple[str, ...] = ()

    def ids_of(self, word: str) -> tuple[int, ...]:
        """The ids of the classes with this name, in the layer or on the map; if there is none, of that with this id."""
        named = tuple(entry.id for entry in (*self.own.classes, *self.named.classes) if entry.name == word)
        return tuple(dict.fromkeys(named)) or self.own.ids_of(word)

    @property
    def mapped(self) -> ClassScheme:
        """The classes of the map."""
        return self.named.only([self.merges.get(id_, id_) for id_ in self.own.ids if id_ not in self.skipped])

    @property
    def aliases(self) -> dict[str, int]:
        """The class of the map by each name of the layer that the map has not."""
        ids = {entry.name: self.merges.get(entry.id, entry.id) for entry in self.own.classes}
        return {name: id_ for name, id_ in ids.items() if not self.mapped.ids_of(name) and id_ in self.mapped.ids}

    def to_map(self, class_ids: np.ndarray) -> np.ndarray:
        """Ids of the layer (n,) as ids of the map, 0 where the class is skipped."""
        becomes = np.arange(int(max(self.own.ids, default=0)) + 1, dtype=class_ids.dtype)
        for id_, other in self.merges.items():
            becomes[id_] = other
        becomes[list(self.skipped)] = 0
        changed: np.ndarray = becomes[class_ids]
        return changed


def choose_classes(names: Mapping[int, str], has_ids: bool, settings: ClassSettings) -> ReferenceClasses:
    """The classes of a layer with these names by id; `has_ids` if the ids are its own, not numbers given to its names.

    Raises ParameterError for entries that cannot be read.
    """
    own = named = ClassScheme.of(names)
    problems = []
    if settings.scheme is not None:
        known = SCHEMES[settings.scheme]
        named, found = known.apply(own, has_ids)
        if not found:
            words = listed([entry.name for entry in own.classes], "none")
            problems.append(f"Class scheme (CLASS_SCHEME): {known.label} has none of the classes: {words}.")
    chosen, nameless = read_names(settings.names, own.ids_of)
    named = named.changed(chosen, {})
    classes = ReferenceClasses(own, named)
    colours, colourless = read_colours(settings.colours, classes.ids_of)
    merges = read_merges(settings.merges, classes.ids_of, named)
    skipped = {word: classes.ids_of(word) for word in settings.skipped}
    for what, unknown in (
        ("Class names (CLASS_NAMES)", nameless),
        ("Class colours (CLASS_COLOURS)", colourless),
        ("Skipped classes (SKIP_CLASSES)", [word for word, ids in skipped.items() if not ids]),
    ):
        if unknown:
            problems.append(f"{what}: the reference has no class {', '.join(unknown)}.")
    ids = tuple(id_ for own_ids in skipped.values() for id_ in own_ids)
    return ReferenceClasses(own, named.changed({}, colours), merges, ids, tuple(problems))
