"""Frozen dataclasses that are cheap to define behave as the standard library's own."""

from __future__ import annotations

import copy
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from functools import cached_property
from typing import ClassVar

import pytest

from patchwork.core.frozen import METHODS, frozen


class Shared:
    """What both kinds of class have."""

    unit: ClassVar[str] = "m"
    name: str
    size: float = 10.0


@frozen
class Ours(Shared):
    """Made by us."""

    name: str
    size: float = 10.0
    dates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Theirs(Shared):
    """Made by the standard library."""

    name: str
    size: float = 10.0
    dates: tuple[str, ...] = ()


@frozen
class Derived(Ours):
    """With one field more."""

    seed: int = 0


@pytest.mark.parametrize("values", [("a",), ("a", 2.5), ("a", 2.5, ("2019-01-01",))])
def test_as_the_standard_library_makes_them(values):
    ours, theirs = Ours(*values), Theirs(*values)
    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert asdict(ours) == asdict(theirs)
    assert hash(ours) == hash(theirs)
    assert [(field.name, field.type, field.default) for field in fields(ours)] == [
        (field.name, field.type, field.default) for field in fields(theirs)
    ]
    assert asdict(replace(ours, size=1.0)) == asdict(replace(theirs, size=1.0))


def test_equal_are_those_of_one_class_with_the_same_values():
    assert Ours("a") == Ours(name="a", size=10.0) != Ours("b")
    assert Ours("a") != Derived("a")
    assert Ours("a") != Theirs("a")
    assert len({Ours("a"), Ours("a"), Ours("b")}) == 2


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ((), {}),
        ((), {"size": 1.0}),
        (("a",), {"name": "a"}),
        (("a",), {"colour": "red"}),
        (("a", 1.0, (), 3), {}),
        (("a", 1.0, (), 3), {"colour": "red"}),
    ],
)
def test_wrong_arguments_are_refused_where_the_standard_library_refuses_them(values, named):
    for cls in (Ours, Theirs):
        with pytest.raises(TypeError):
            cls(*values, **named)


@pytest.mark.parametrize("instance", [Ours("a"), Derived("a")])
def test_nothing_can_be_set_or_deleted(instance):
    with pytest.raises(FrozenInstanceError):
        instance.size = 1.0
    with pytest.raises(FrozenInstanceError):
        del instance.size
    assert instance.size == 10.0


def test_a_derived_class_has_the_fields_of_both():
    assert repr(Derived("a", seed=3)) == "Derived(name='a', size=10.0, dates=(), seed=3)"


def test_copies_are_equal():
    derived = Derived("a", 2.0)
    assert copy.deepcopy(derived) == copy.copy(derived) == derived


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *((name, lambda self, *values: None) for name in (*METHODS, "__post_init__")),
        ("__slots__", ()),
        ("area", cached_property(lambda self: 1.0)),
        ("size", field(default_factory=float)),
        ("size", field(default=1.0, compare=False)),
    ],
)
def test_what_is_not_supported_is_refused_when_the_class_is_defined(name, value):
    with pytest.raises(TypeError, match=rf"Own: .*{name}.* not supported"):
        frozen(type("Own", (), {"__annotations__": {"size": float}, name: value}))


def test_methods_and_properties_are_supported():
    square = frozen(type("Square", (), {"__annotations__": {"side": float}, "area": property(lambda own: own.side**2)}))
    assert square(3.0).area == 9.0
