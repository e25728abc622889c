"""One run at a time in a workspace."""

from __future__ import annotations

import errno
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from ..errors import WorkspaceError
from ..system import take_lock
from .files import not_following, remove_temporary_files

_FREE = "free"
_PATIENCE = 3.0  # seconds: a short request, such as the time series of a place, ends soon


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Make the workspace's folder and lock it for this process; remove the temporary files of a killed run.

    Raises WorkspaceError if the folder cannot be written or another run holds it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = open(folder / ".lock", "a+", encoding="utf-8", opener=not_following)  # noqa: SIM115
    except OSError as error:
        if error.errno == errno.ELOOP:
            link = folder / ".lock"
            raise WorkspaceError(
                f"{link} is a symbolic link to {os.readlink(link)}, which would be overwritten. Delete the link, or "
                "choose another WORKSPACE."
            ) from error
        raise WorkspaceError(
            f"The workspace {folder} cannot be written ({error.strerror}). Choose another WORKSPACE."
        ) from error
    with lock:
        if not _take(lock):
            lock.seek(0)
            owner = lock.read().strip()
            holder = "another run" if owner in ("", _FREE) else owner  # not yet written
            raise WorkspaceError(
                f"The workspace {folder} is in use by {holder}. Wait until it has finished, or cancel it."
            )
        lock.seek(0)
        if lock.read() != _FREE:  # a search of a country's files takes longer than a quick look
            remove_temporary_files(folder)
        _write(lock, f"process {os.getpid()} on {socket.gethostname()}")
        yield
        _write(lock, _FREE)


def _take(lock: IO[str]) -> bool:
    """Take the lock as soon as it is free; whether that was soon."""
    end = time.monotonic() + _PATIENCE
    while not take_lock(lock):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def _write(lock: IO[str], text: str) -> None:
    """Replace the content of the lock file; on a full disk it becomes empty."""
    with suppress(OSError):
        os.truncate(lock.fileno(), 0)
        os.write(lock.fileno(), text.encode())
