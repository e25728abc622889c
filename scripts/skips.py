"""The tests that a run of pytest left out, held against a short list: whatever else is left out may hide a fault."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

NO_REAL_DATA = "there is no real data in"
# The beginnings of reasons that are no fault of the machine's setup.
ALLOWED = ("a small disk can only be mounted by root on Linux", "a small disk cannot be mounted here")


@dataclass(frozen=True)
class Skip:
    """A test that was left out (`file::name`) and the reason."""

    test: str
    reason: str


def read_skips(report: Path) -> list[Skip]:
    """The tests that were left out, or expected to fail, by a report of pytest's option --junit-xml."""
    found = [(case, case.find("skipped")) for case in ElementTree.parse(report).getroot().iter("testcase")]
    return [Skip(_name(case), _reason(mark)) for case, mark in found if mark is not None]


def not_allowed(skips: Sequence[Skip], data: Sequence[Path]) -> list[Skip]:
    """The skips whose reason is not on the list; that real data are absent is allowed where none of `data` has them."""
    allowed = ALLOWED if any((folder / "README.md").is_file() for folder in data) else (*ALLOWED, NO_REAL_DATA)
    return [skip for skip in skips if not skip.reason.startswith(allowed)]


def places_of_real_data(checkout: Path) -> list[Path]:
    """The folder beside the checkout, and the one in the environment variable."""
    named = os.environ.get("PATCHWORK_REALDATA")
    return [checkout.parent / "shared" / "realdata", *([Path(named)] if named else [])]


def _name(case: ElementTree.Element) -> str:
    return f"{case.get('classname', '').replace('.', '/')}::{case.get('name')}"


def _reason(mark: ElementTree.Element) -> str:
    """The reason; for a whole file pytest writes it as the text."""
    message = mark.get("message", "")
    return (mark.text or "") if message == "collection skipped" else message
