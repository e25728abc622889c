"""Writing files completely or not at all: under a temporary name, then renamed."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .. import system
from ..errors import WorkspaceError

TEMPORARY_MARK = ".part-"


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A temporary path beside `path`, renamed to it when the block ends well and removed when it does not.

    Nobody can guess it and put a symbolic link there. Raises WorkspaceError if the disk is full, the folder cannot be
    written, or `path` stays in use (on Windows).
    """
    temporary = path.with_name(f"{TEMPORARY_MARK}{os.getpid()}-{secrets.token_hex(4)}-{path.name}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        system.replace(temporary, path)
    except OSError as error:
        raise WorkspaceError(_what_to_do(path, error)) from error
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)


def remove(path: Path) -> None:
    """Remove a file, if it exists; WorkspaceError if it cannot be removed."""
    try:
        system.remove(path)
    except OSError as error:
        raise WorkspaceError(_what_to_do(path, error)) from error


def not_following(path: str, flags: int) -> int:
    """An opener for `open`: a symbolic link at the path raises OSError, where the platform has that."""
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o666)


def write_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, completely or not at all."""
    with written_whole(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def has_text(path: Path, text: str) -> bool:
    """Whether a file exists and has this content."""
    try:
        return path.read_bytes() == text.encode()
    except OSError:
        return False


def update_text(path: Path, text: str) -> None:
    """Write a text file, unless it has this content already."""
    if not has_text(path, text):
        write_text(path, text)


def write_json(path: Path, value: Any) -> None:
    """Write an indented JSON file, completely or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def table_text(header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> str:
    """The text of a CSV file."""
    text = io.StringIO()
    table = csv.DictWriter(text, header, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    return text.getvalue()


def write_table(path: Path, header: Sequence[str], rows: Iterable[Mapping[str, object]]) -> Path:
    """Write a CSV file, completely or not at all; returns its path."""
    write_text(path, table_text(header, rows))
    return path


def read_json(path: Path) -> Any:
    """The value of a JSON file; WorkspaceError if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WorkspaceError(f"{path} cannot be read ({error}). Delete it and run again.") from error


def remove_temporary_files(folder: Path) -> None:
    """Remove the temporary files of a killed run below the folder."""
    for path in folder.rglob(f"{TEMPORARY_MARK}*"):
        with suppress(OSError):
            path.unlink()


def _what_to_do(path: Path, error: OSError) -> str:
    if isinstance(error, system.FileInUseError):
        programs = " and ".join(system.programs_with(path))
        where = f"open in {programs}" if programs else "open in another program, or write-protected"
        return (
            f"{path} cannot be replaced or removed: it is {where}. Close it there (in QGIS, remove its layer) and run "
            "again; finished work is kept."
        )
    longest, length = system.longest_path(), len(str(path))
    if longest is not None and length > longest:
        return f"{path} cannot be written: its path has {length} characters, and {longest} are possible here."
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return f"{path} cannot be written: the disk is full. Free some space and run again; finished work is kept."
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"{path} cannot be written: no permission. Choose another folder."
    return f"{path} cannot be written ({error.strerror or error})."
