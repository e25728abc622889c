"""Registries: records by name, which give every interface its choices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

from .errors import ParameterError

R = TypeVar("R")


class Registry(Mapping[str, R]):
    """Records with a `name` and a `label` each, by name, in the order in which they are offered.

    A name that is not registered raises ParameterError, which lists the registered ones.
    """

    def __init__(self, what: str, records: Iterable[R]) -> None:
        self._what = what
        self._records: dict[str, Any] = {}
        for record in records:
            self.add(record)

    def add(self, record: R) -> None:
        """Register a further record; ValueError if its name is taken."""
        name = record.name  # type: ignore[attr-defined]
        if name in self._records:
            raise ValueError(f"{self._what}: {name!r} is registered already.")
        self._records[name] = record

    def labels(self, **first: str) -> Mapping[str, str]:
        """The label of each name, after `first`; records that are added later are in it too."""
        return _Labels(self._records, first)

    def __getitem__(self, name: str) -> R:
        if name not in self._records:
            raise ParameterError(f"{self._what}: {name!r} is not one of {', '.join(self._records)}.")
        record: R = self._records[name]
        return record

    def __contains__(self, name: object) -> bool:
        return name in self._records

    def __iter__(self) -> Iterator[str]:
        return iter(self._records)

    def __len__(self) -> int:
        return len(self._records)


class _Labels(Mapping[str, str]):
    def __init__(self, records: Mapping[str, Any], first: Mapping[str, str]) -> None:
        self._records = records
        self._first = first

    def __getitem__(self, name: str) -> str:
        return self._first[name] if name in self._first else str(self._records[name].label)

    def __iter__(self) -> Iterator[str]:
        yield from self._first
        yield from self._records

    def __len__(self) -> int:
        return len(self._first) + len(self._records)
