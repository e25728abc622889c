"""The language in which every step declares what it wants and what it gives.

A step is declared once, as a frozen dataclass whose fields carry a kind::

    @frozen
    class SplitArea(Parameters):
        workspace: Annotated[Path, Folder("Workspace", "The folder …")]
        patch_size: Annotated[float, Number("Patch size", "…", unit="m", above=0)] = 5000.0

From it come the checked object that the step receives, the command line, the Processing algorithm with its dialog and
help, and the values the dock remembers. Standard library only, Python 3.9: QGIS itself imports this module.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any, Callable, ClassVar, Optional, TypeVar, Union, get_type_hints

from .errors import ParameterError
from .frozen import frozen

P = TypeVar("P", bound="Parameters")


@frozen
class Kind:
    """What a value is: its label and help for people, and how it is read from text or JSON."""

    label: str
    help: str
    advanced: bool = False

    def read(self, value: Any) -> Any:
        """The checked value; raises ValueError with what is wrong."""
        text = str(value)
        if not text.strip():
            raise ValueError("is empty")
        return text

    def plain(self, value: Any) -> Any:
        """The value as JSON knows it; the inverse of `read`."""
        return value


@frozen
class Text(Kind):
    """Any text."""


@frozen
class Account(Kind):
    """The name of where a client id and its secret are kept, never these themselves."""


@frozen
class Number(Kind):
    """A number, whole where `whole`; `minimum` and `maximum` are allowed themselves, `above` is not."""

    unit: str = ""
    whole: bool = False
    minimum: Optional[float] = None
    maximum: Optional[float] = None
    above: Optional[float] = None

    def read(self, value: Any) -> Union[int, float]:
        if isinstance(value, bool):
            raise ValueError(f"{value} is not a number")
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"{value!r} is not a number") from None
        if not math.isfinite(number):
            raise ValueError(f"{value} is not a finite number")
        if self.whole and number != int(number):
            raise ValueError(f"{value} is not a whole number")
        if self.above is not None and number <= self.above:
            raise ValueError(f"{value} is not above {self.above:g}")
        if self.minimum is not None and number < self.minimum:
            raise ValueError(f"{value} is below {self.minimum:g}")
        if self.maximum is not None and number > self.maximum:
            raise ValueError(f"{value} is above {self.maximum:g}")
        return int(number) if self.whole else number


@frozen
class Choice(Kind):
    """One of a few words; `options` maps each word to what a person reads."""

    options: Mapping[str, str] = None  # type: ignore[assignment]

    def read(self, value: Any) -> str:
        word = str(value).strip()
        if word not in self.options:
            raise ValueError(f"{word!r} is not one of {', '.join(self.options)}")
        return word


@frozen
class Names(Kind):
    """Some names in order, as text separated by commas; `none` for no name at all."""

    NONE: ClassVar[str] = "none"
    allowed: Optional[tuple[str, ...]] = None

    def read(self, value: Any) -> tuple[str, ...]:
        parts = value.split(",") if isinstance(value, str) else [str(part) for part in value]
        if parts == [self.NONE]:
            return ()
        names = tuple(part.strip() for part in parts if part.strip())
        for name in names:
            if self.allowed is not None and name not in self.allowed:
                raise ValueError(f"{name!r} is not one of {', '.join(self.allowed)}")
        return names

    def plain(self, value: Any) -> str:
        return ",".join(value) or self.NONE


@frozen
class Date(Kind):
    """A day in UTC, as 2019-07-31."""

    def read(self, value: Any) -> date:
        if isinstance(value, datetime):
            return value.date()
        if isinstance(value, date):
            return value
        try:
            return datetime.fromisoformat(str(value).strip()).date()
        except ValueError:
            raise ValueError(f"{value!r} is not a date such as 2019-07-31") from None

    def plain(self, value: Any) -> str:
        return str(value.isoformat())


@frozen
class Crs(Kind):
    """A coordinate reference system, as EPSG:32633 or WKT."""


@frozen
class Area(Kind):
    """A vector file (`file.gpkg|layername=…` for one layer of several) or `xmin,ymin,xmax,ymax[,EPSG:n]`."""


@frozen
class Place(Kind):
    """A point `x,y[,EPSG:n]`, or a vector file of points or polygons."""


@frozen
class File(Kind):
    """An existing file."""

    extension: str = ""

    def read(self, value: Any) -> Path:
        return Path(super().read(value)).expanduser()

    def plain(self, value: Any) -> str:
        return str(value)


@frozen
class Folder(Kind):
    """A folder; the step says whether it must exist."""

    def read(self, value: Any) -> Path:
        return Path(super().read(value)).expanduser()

    def plain(self, value: Any) -> str:
        return str(value)


@frozen
class VectorFile(Kind):
    """A vector file, `file.gpkg|layername=…` for one layer of several."""


@frozen
class FieldName(Kind):
    """A field of the vector layer in the parameter `of`."""

    of: str = ""


@frozen
class Output:
    """What a step gives back. Files lie in the workspace; `destination` lets the person have a copy elsewhere."""

    label: str
    help: str = ""
    destination: bool = False


@frozen
class RasterOutput(Output):
    """A GeoTIFF."""

    extension: ClassVar[str] = "tif"


@frozen
class VectorOutput(Output):
    """A GeoPackage."""

    extension: ClassVar[str] = "gpkg"


@frozen
class TableOutput(Output):
    """A CSV file."""

    extension: ClassVar[str] = "csv"


@frozen
class PageOutput(Output):
    """An HTML page that stands alone."""

    extension: ClassVar[str] = "html"


@frozen
class FileOutput(Output):
    """Another file, such as a picture or a model."""

    extension: str = ""


@frozen
class FolderOutput(Output):
    """A folder of the workspace."""


@frozen
class NumberOutput(Output):
    """A number."""


@frozen
class TextOutput(Output):
    """A text."""


@frozen
class Declared:
    """One declared field: its name, its kind, its default (None where there is none) and whether it must be given."""

    name: str
    kind: Any
    default: Any
    required: bool


def declared(declaration: type[Any]) -> tuple[Declared, ...]:
    """The fields of a parameters or results class, in order."""
    return _declared(declaration)  # type: ignore[arg-type]  # a class is hashable


@cache
def _declared(declaration: Any) -> tuple[Declared, ...]:
    kinds: dict[str, Any] = {}
    for cls in reversed(declaration.__mro__):
        kinds.update(_own_kinds(cls))
    return tuple(_declare(field, kinds[field.name]) for field in fields(declaration))


@cache
def _own_kinds(cls: Any) -> dict[str, Any]:
    """The kinds of the fields that the class itself has: annotations take a while to read, and bases are shared."""
    own = type(
        cls.__name__, (), {"__module__": cls.__module__, "__annotations__": vars(cls).get("__annotations__", {})}
    )
    return {name: hint.__metadata__[0] for name, hint in get_type_hints(own, include_extras=True).items()}


def _declare(field: Field[Any], kind: Any) -> Declared:
    required = field.default is MISSING
    return Declared(field.name, kind, None if required else field.default, required)


@frozen
class Parameters:
    """Base of all parameter classes. A class made of several (by inheritance) has the fields of all of them."""

    @classmethod
    def from_values(cls: type[P], values: Mapping[str, Any]) -> P:
        """The checked parameters from text or JSON values; a missing value or None takes the default.

        Raises ParameterError with everything that is wrong, one line each.
        """
        declarations = {parameter.name: parameter for parameter in declared(cls)}
        wrong = [f"There is no parameter {name!r}." for name in values if name not in declarations]
        read = {}
        for name, parameter in declarations.items():
            value = values.get(name)
            if value is None or value == "":
                if parameter.required:
                    wrong.append(f"{parameter.kind.label} ({name.upper()}) is missing.")
                continue
            try:
                read[name] = parameter.kind.read(value)
            except ValueError as error:
                wrong.append(f"{parameter.kind.label} ({name.upper()}): {error}.")
        if wrong:
            raise ParameterError("\n".join(wrong))
        return cls(**read)

    def faults(self) -> list[str]:
        """What is wrong with values that are right one by one, to be told before a run; a class adds to its bases."""
        return []

    def to_values(self) -> dict[str, Any]:
        """The values as JSON knows them; `from_values` of it is equal to this object."""
        return {
            parameter.name: None if value is None else parameter.kind.plain(value)
            for parameter in declared(type(self))
            for value in [getattr(self, parameter.name)]
        }


@frozen
class Operation:
    """One step as all faces know it: its name (fixed for ever), what people read, its declarations and its function."""

    name: str
    label: str
    group: str
    summary: str
    parameters: type[Parameters]
    results: type[Any]
    run: Callable[[Any, Any], Any]
    tags: tuple[str, ...] = ()
