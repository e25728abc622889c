"""Frozen dataclasses that are cheap to define: QGIS defines all declarations whenever it starts.

`dataclass(frozen=True)` generates and compiles six methods for each class, which took most of the plugin's start-up
time. Here all classes share the same six functions.
"""

from __future__ import annotations

from dataclasses import MISSING, Field, FrozenInstanceError, dataclass, fields
from functools import cached_property
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

T = TypeVar("T")

if TYPE_CHECKING:
    from typing import dataclass_transform
else:

    def dataclass_transform(**_):
        """Stand-in for Python before 3.11; only type checkers need the real one."""
        return lambda decorator: decorator


@dataclass_transform(frozen_default=True)
def frozen(cls: type[T]) -> type[T]:
    """The class as `dataclass(frozen=True)` makes it.

    Raises TypeError for what it does not support: own special methods of a dataclass, `__post_init__`, `__slots__`,
    `dataclasses.field` and `functools.cached_property`.
    """
    own = vars(cls)
    if not UNSUPPORTED.isdisjoint([*own, *map(type, own.values())]):
        names = ", ".join(name for name, value in own.items() if not UNSUPPORTED.isdisjoint([name, type(value)]))
        raise TypeError(f"{cls.__qualname__}: {names} not supported by frozen; use dataclass(frozen=True)")
    for name, method in METHODS.items():
        setattr(cls, name, method)
    made = dataclass(init=False, repr=False, eq=False)(cls)
    setattr(made, DEFAULTS, {field.name: field.default for field in fields(made)})  # type: ignore[arg-type]
    return made


def _init(self: Any, *values: Any, **named: Any) -> None:
    defaults = getattr(self, DEFAULTS)
    given = {**dict(zip(defaults, values)), **named}
    result = {**defaults, **given}
    if (
        len(given) != len(values) + len(named)
        or len(result) != len(defaults)
        or any(value is MISSING for value in result.values())
    ):
        raise TypeError(
            f"{type(self).__name__} takes {', '.join(defaults)}; it was given {', '.join(given) or 'nothing'}"
        )
    self.__dict__.update(result)


def _repr(self: Any) -> str:
    return f"{type(self).__qualname__}({', '.join(f'{name}={value!r}' for name, value in vars(self).items())})"


def _eq(self: Any, other: object) -> bool:
    return vars(self) == vars(other) if type(other) is type(self) else NotImplemented


def _hash(self: Any) -> int:
    return hash(tuple(vars(self).values()))


def _setattr(self: Any, name: str, value: Any) -> NoReturn:
    raise FrozenInstanceError(f"cannot assign to field {name!r}")


def _delattr(self: Any, name: str) -> NoReturn:
    raise FrozenInstanceError(f"cannot delete field {name!r}")


DEFAULTS = "__frozen_defaults__"
METHODS = {
    "__init__": _init,
    "__repr__": _repr,
    "__eq__": _eq,
    "__hash__": _hash,
    "__setattr__": _setattr,
    "__delattr__": _delattr,
}
UNSUPPORTED: set[object] = {*METHODS, "__post_init__", "__slots__", Field, cached_property}  # names and types
