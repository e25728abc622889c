"""Listing a user's folder."""

from __future__ import annotations

from pathlib import Path


def visible(folder: Path) -> list[Path]:
    """The files and folders in a folder by name, without those that systems and programs hide there.

    These are `._x.tif` and `__MACOSX` of macOS, other names that begin with a dot, and lock and backup files (`~`).
    """
    return sorted(path for path in folder.iterdir() if not is_hidden(path.name))


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is hidden; `.` and `..` are not."""
    return name not in (".", "..") and (name.startswith((".", "~", "__MACOSX")) or name.endswith("~"))
