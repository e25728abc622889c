"""The declarations of operations: parameters, results, and the kinds of their values.

Parameters are declared once, as a frozen dataclass whose fields carry a kind::

    @frozen
    class SplitArea(Parameters):
        workspace: Annotated[Path, Folder("Workspace", "The folder …")]
        patch_size: Annotated[float, Number("Patch size", "…", unit="m", above=0)] = 5000.0

The declaration gives the checked object that the operation receives, the command line, the Processing algorithm with
its dialog and help, and the values that the dock saves. Standard library only, Python 3.9: QGIS imports this module.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Mapping
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
    """The kind of a value: its label and help, how it is read from text or JSON, and how it is written."""

    form: ClassVar[str] = ""

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
        """The value as a JSON type; the inverse of `read`."""
        return value

    def text(self, value: Any) -> str:
        """The value as written on the command line; an inverse of `read` too."""
        return str(self.plain(value))

    def allowed_values(self) -> str:
        """The allowed values in words for help texts, without a full stop; empty if any text is allowed."""
        return self.form


@frozen
class Text(Kind):
    """Any text."""


@frozen
class Account(Kind):
    """The name of a stored client id and secret, never the id and secret themselves."""


@frozen
class Number(Kind):
    """A number, a whole one if `whole`; bounds are inclusive (`minimum`, `maximum`) or exclusive (`above`)."""

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
        if (
            (self.above is not None and number <= self.above)
            or (self.minimum is not None and number < self.minimum)
            or (self.maximum is not None and number > self.maximum)
        ):
            raise ValueError(f"{value} is out of range: it must be {self._bounds()}")
        return int(number) if self.whole else number

    def text(self, value: Any) -> str:
        return f"{value:.15g}"

    def allowed_values(self) -> str:
        number = f"{'Whole number' if self.whole else 'Number'}{f' in {self.unit}' if self.unit else ''}"
        return ", ".join(filter(None, [number, self._bounds()]))

    def _bounds(self) -> str:
        if self.minimum is not None and self.maximum is not None:
            return f"between {self.text(self.minimum)} and {self.text(self.maximum)}"
        bounds = {"greater than": self.above, "at least": self.minimum, "at most": self.maximum}
        return " and ".join(f"{words} {self.text(bound)}" for words, bound in bounds.items() if bound is not None)


@frozen
class Choice(Kind):
    """One of several words; `options` maps each word to its label."""

    options: Mapping[str, str] = None  # type: ignore[assignment]

    def read(self, value: Any) -> str:
        word = str(value).strip()
        if word not in self.options:
            raise ValueError(f"{word!r} is not one of {', '.join(self.options)}")
        return word

    def allowed_values(self) -> str:
        return f"One of: {', '.join(f'{word} ({label})' for word, label in self.options.items())}"


@frozen
class Names(Kind):
    """Names in order, as text separated by commas; `none` for an empty list. One with a comma is in double quotes."""

    NONE: ClassVar[str] = "none"
    allowed: Optional[tuple[str, ...]] = None

    def read(self, value: Any) -> tuple[str, ...]:
        names = split_names(value) if isinstance(value, str) else tuple(map(str, value))
        if names == (self.NONE,):
            return ()
        for name in names:
            if self.allowed is not None and name not in self.allowed:
                raise ValueError(f"{name!r} is not one of {', '.join(self.allowed)}")
        return names

    def plain(self, value: Any) -> str:
        return join_names(value) or self.NONE

    def allowed_values(self) -> str:
        names = f"Any of {', '.join(self.allowed)}" if self.allowed else "Names"
        return f"{names}, separated by commas, or {self.NONE}"


def split_names(text: str) -> tuple[str, ...]:
    """The names of a text separated by commas; raises ValueError if it cannot be read."""
    try:
        parts = next(csv.reader([" ".join(text.splitlines())], skipinitialspace=True), [])
    except csv.Error as error:
        raise ValueError(f"cannot be read as names separated by commas: {error}") from None
    return tuple(part.strip() for part in parts if part.strip())


def join_names(names: Iterable[str]) -> str:
    """The inverse of `split_names`."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(names)
    return text.getvalue()


@frozen
class Date(Kind):
    """A day in UTC."""

    form: ClassVar[str] = "Date such as 2019-07-31"

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
    """A coordinate reference system."""

    form: ClassVar[str] = "EPSG code such as EPSG:32633, or WKT"


@frozen
class Area(Kind):
    """An area: a vector file (`file.gpkg|layername=…` for one of several layers) or an extent."""

    form: ClassVar[str] = "Vector file, or an extent xmin,ymin,xmax,ymax[,EPSG:n]"


@frozen
class Place(Kind):
    """A point, or a vector file of points or polygons."""

    form: ClassVar[str] = "Vector file, or a point x,y[,EPSG:n]"


@frozen
class File(Kind):
    """An existing file."""

    extension: str = ""

    def read(self, value: Any) -> Path:
        return Path(super().read(value)).expanduser()

    def plain(self, value: Any) -> str:
        return str(value)


@frozen
class RasterFile(File):
    """A raster file."""


@frozen
class Folder(Kind):
    """A folder, which exists unless it `may_be_new`."""

    may_be_new: bool = False

    def read(self, value: Any) -> Path:
        return Path(super().read(value)).expanduser()

    def plain(self, value: Any) -> str:
        return str(value)


@frozen
class VectorFile(Kind):
    """A vector file, `file.gpkg|layername=…` for one of several layers: of polygons, with `any_shape` of points too."""

    any_shape: bool = False


@frozen
class FieldName(Kind):
    """The name of a field of the vector layer given as the parameter `of`."""

    of: str = ""


@frozen
class Output:
    """A result of an operation. Files are in the workspace; with `destination` the user can save a copy elsewhere."""

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
    """A self-contained HTML page."""

    extension: ClassVar[str] = "html"


@frozen
class FileOutput(Output):
    """Any other file, such as an image or a model."""

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
    """A declared field: its name, its kind, its default (None if it has none) and whether it is required."""

    name: str
    kind: Any
    default: Any
    required: bool


def declared(declaration: type[Any]) -> tuple[Declared, ...]:
    """The fields of a class of parameters or results, in the order of the classes that declare them (`order`)."""
    return _declared(declaration)  # type: ignore[arg-type]  # a class is hashable


@cache
def _declared(declaration: Any) -> tuple[Declared, ...]:
    kinds: dict[str, Any] = {}
    order: dict[str, int] = {}
    for cls in reversed(declaration.__mro__):
        own = _own_kinds(cls)
        kinds.update(own)
        order.update(dict.fromkeys(own, getattr(cls, "order", 0)))
    in_order = sorted(fields(declaration), key=lambda field: order[field.name])
    return tuple(_declare(field, kinds[field.name]) for field in in_order)


@cache
def _own_kinds(cls: Any) -> dict[str, Any]:
    """The kinds of the class's own fields, cached because bases are shared.

    Annotations that are text, as `from __future__ import annotations` makes them, take long to read when QGIS starts:
    modules that only declare do without it.
    """
    annotations = getattr(cls, "__annotations__", {})
    if any(isinstance(annotation, str) for annotation in annotations.values()):
        own = type(cls.__name__, (), {"__module__": cls.__module__, "__annotations__": annotations})
        annotations = get_type_hints(own, include_extras=True)
    return {name: annotation.__metadata__[0] for name, annotation in annotations.items()}


def _declare(field: Field[Any], kind: Any) -> Declared:
    required = field.default is MISSING
    return Declared(field.name, kind, None if required else field.default, required)


@frozen
class Parameters:
    """Base of all classes of parameters. A class that inherits from several has the fields of all of them.

    They are shown in the `order` of the classes that declare them: source 10, area 20, reference 30, method 40 to 60,
    workspace 80, computer 90.
    """

    order = 50

    @classmethod
    def from_values(cls: type[P], values: Mapping[str, Any]) -> P:
        """The checked parameters from text or JSON values; a missing or empty value or None takes the default.

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
        """Problems between values that are valid on their own, one line each; a subclass adds to those of its bases."""
        return []

    def to_values(self) -> dict[str, Any]:
        """The values as JSON types; `from_values` of them is equal to this object."""
        return {
            parameter.name: None if value is None else parameter.kind.plain(value)
            for parameter in declared(type(self))
            for value in [getattr(self, parameter.name)]
        }


@frozen
class Operation:
    """An operation of the public interface.

    `name` never changes; `label`, `group`, `summary` and `tags` are for users. `run` takes the parameters and a
    Progress and returns the results. `in_worker`: whether the warm worker process runs it: operations that answer
    within a second or so.
    """

    name: str
    label: str
    group: str
    summary: str
    parameters: type[Parameters]
    results: type[Any]
    run: Callable[[Any, Any], Any]
    tags: tuple[str, ...] = ()
    in_worker: bool = False
