"""Records: settings and results of a step, as a JSON file each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from types import NoneType
from typing import Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

R = TypeVar("R", bound="Record")


@dataclass(frozen=True)
class Record:
    """Base of records. A subclass is a frozen dataclass; `STEP` is the operation that writes it.

    Its fields are JSON values, dataclasses of such, mappings with text or integer keys, tuples, or have `to_json` and
    `from_json` of their own; also one of these or None. A field with a default may be missing in a file.
    """

    STEP: ClassVar[str]

    def to_json(self) -> dict[str, Any]:
        """The record as JSON values."""
        return {field.name: _plain(getattr(self, field.name)) for field in fields(self)}

    @classmethod
    def from_json(cls: type[R], values: Mapping[str, Any]) -> R:
        """The inverse of `to_json`; KeyError, TypeError or ValueError if the values are not such a record."""
        found: R = _dataclass(cls, values)
        return found


def _plain(value: Any) -> Any:
    if hasattr(value, "to_json"):
        return value.to_json()
    if is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): _plain(own) for key, own in value.items()}
    return [_plain(own) for own in value] if isinstance(value, (list, tuple)) else value


def _dataclass(kind: Any, values: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    optional = {own.name for own in fields(kind) if (own.default, own.default_factory) != (MISSING, MISSING)}
    names = [own.name for own in fields(kind) if own.name in values or own.name not in optional]
    return kind(**{name: _typed(hints[name], values[name]) for name in names})


def _typed(kind: Any, value: Any) -> Any:
    if NoneType in get_args(kind):
        return None if value is None else _typed(get_args(kind)[0], value)
    if hasattr(kind, "from_json"):
        return kind.from_json(value)
    if is_dataclass(kind):
        return _dataclass(kind, value)
    if get_origin(kind) is tuple:
        return tuple(_typed(get_args(kind)[0], own) for own in value)
    if get_origin(kind) is Mapping:
        key, own = get_args(kind)
        return {key(name): _typed(own, item) for name, item in value.items()}
    return value


@dataclass(frozen=True)
class RunRecord(Record):
    """A complete run of `makemap`: its parameters, the versions of packages, and the seconds that each step took."""

    STEP: ClassVar[str] = "makemap"
    parameters: Mapping[str, Any]
    versions: Mapping[str, str]
    seconds: Mapping[str, float]
