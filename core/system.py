"""Differences between operating systems: open files, locks, lengths of paths, memory and processes.

Standard library only: QGIS uses it too.
"""

from __future__ import annotations

import os
import signal
import subprocess  # nosec B404
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Optional

IS_WINDOWS = os.name == "nt"
# An open file can be neither replaced nor removed.
OPEN_FILES_ARE_LOCKED = IS_WINDOWS
PROGRAM_SUFFIX = ".exe" if IS_WINDOWS else ""
# Seconds to wait, one after the other, for a file that another program has open, such as a virus scanner.
WAITS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 2.0)
SECONDS_BETWEEN_LOOKS = 0.3


class FileInUseError(PermissionError):
    """A file cannot be replaced or removed: a program has it open, or it is write-protected."""


def replace(new: Path, path: Path) -> None:
    """Rename a file or folder, over an existing file too; FileInUseError if that file stays in use for 5 seconds."""
    _wait_while_in_use(path, lambda: os.replace(new, path))


def remove(path: Path) -> None:
    """Remove a file, if it exists; FileInUseError if it stays in use for 5 seconds."""
    _wait_while_in_use(path, lambda: path.unlink(missing_ok=True))


def _wait_while_in_use(path: Path, act: Callable[[], None]) -> None:
    for seconds in WAITS:
        with suppress(PermissionError):
            return act()
        time.sleep(seconds)
    try:
        act()
    except PermissionError as error:
        if not path.exists():  # the folder refuses
            raise
        raise FileInUseError(error.errno, error.strerror, str(path)) from error


def programs_with(path: Path) -> list[str]:
    """Names of the programs that have a file open, from the Restart Manager of Windows; empty if unknown."""
    if not IS_WINDOWS:
        return []
    import ctypes

    number = ctypes.c_uint32
    most = 8

    class ProcessInfo(ctypes.Structure):
        """An RM_PROCESS_INFO; its rest is the type, the status, the session, and whether it can be restarted."""

        _fields_ = (
            ("process", number * 3),
            ("name", ctypes.c_wchar * 256),
            ("service", ctypes.c_wchar * 64),
            ("rest", number * 4),
        )

    manager = ctypes.WinDLL("rstrtmgr")  # type: ignore[attr-defined]
    session, needed, found, reasons = number(), number(), number(most), number()
    if manager.RmStartSession(ctypes.byref(session), 0, ctypes.create_unicode_buffer(33)):
        return []
    programs, files = (ProcessInfo * most)(), (ctypes.c_wchar_p * 1)(str(path))
    is_listed = not manager.RmRegisterResources(session, 1, files, 0, None, 0, None) and not manager.RmGetList(
        session, ctypes.byref(needed), ctypes.byref(found), programs, ctypes.byref(reasons)
    )
    manager.RmEndSession(session)
    return list(dict.fromkeys(each.name for each in programs[: found.value])) if is_listed else []


def longest_path() -> Optional[int]:
    """The number of characters that a path may have; None without such a limit."""
    if not IS_WINDOWS:
        return None
    import winreg

    try:
        key = winreg.OpenKey(  # type: ignore[attr-defined]
            winreg.HKEY_LOCAL_MACHINE,  # type: ignore[attr-defined]
            r"SYSTEM\CurrentControlSet\Control\FileSystem",
        )
        with key:
            is_unlimited, _ = winreg.QueryValueEx(key, "LongPathsEnabled")  # type: ignore[attr-defined]
    except OSError:  # before Windows 10
        is_unlimited = 0
    return None if is_unlimited else 259


def take_lock(file: IO[str]) -> bool:
    """Lock an open file; the system releases the lock when the process ends."""
    try:
        if IS_WINDOWS:
            import msvcrt

            file.seek(1 << 30)  # a byte far behind the text, which others must be able to read
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


def memory() -> tuple[float, Optional[float]]:
    """Total and free memory in gigabytes, the latter None if unknown; OSError if the system does not report it."""
    if IS_WINDOWS:
        return _windows_memory()
    if sys.platform == "linux":
        lines = (line.split() for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
        kilobytes = {words[0].rstrip(":"): int(words[1]) for words in lines}
        return kilobytes["MemTotal"] / 1e6, kilobytes["MemAvailable"] / 1e6
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, None


def _windows_memory() -> tuple[float, float]:
    import ctypes

    status = (ctypes.c_ulonglong * 8)()  # a MEMORYSTATUSEX: two 32-bit numbers, then seven of 64 bits
    ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = ctypes.sizeof(status)
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        raise OSError
    return status[1] / 1e9, status[2] / 1e9


def own_group() -> dict[str, Any]:
    """Options with which Popen starts a process group: it has no window, ends as a whole, and gets no Ctrl+C."""
    if IS_WINDOWS:
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        return {"creationflags": flags}
    return {"start_new_session": True}


def end_group(process: subprocess.Popen[Any]) -> None:
    """Kill a process that was started with `own_group`, and its child processes.

    On Windows, child processes of a process that has ended are not found; those of the engine end by themselves.
    """
    if not IS_WINDOWS:
        with suppress(ProcessLookupError, PermissionError):  # all have ended
            os.killpg(process.pid, signal.SIGKILL)
        return
    if process.poll() is None:
        taskkill = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "taskkill.exe"
        command = [str(taskkill), "/F", "/T", "/PID", str(process.pid)]
        flags = subprocess.CREATE_NO_WINDOW  # type: ignore[attr-defined]
        with suppress(OSError):
            subprocess.run(command, capture_output=True, check=False, creationflags=flags)  # nosec B603
    if process.poll() is None:
        process.kill()


def wait_for_end_of_parent(parent: int) -> None:
    """Return when the parent process, known by its id, has ended."""
    if not IS_WINDOWS:
        while os.getppid() == parent:
            time.sleep(SECONDS_BETWEEN_LOOKS)
        return
    import _winapi  # the id of the parent stays the same there when it has ended

    with suppress(OSError):  # it has ended already
        handle = _winapi.OpenProcess(_winapi.SYNCHRONIZE, False, parent)  # type: ignore[attr-defined]
        _winapi.WaitForSingleObject(handle, _winapi.INFINITE)  # type: ignore[attr-defined]


def interrupt() -> None:
    """Raise KeyboardInterrupt in the main thread; called from any thread."""
    if IS_WINDOWS:
        signal.raise_signal(signal.SIGINT)
    else:
        os.kill(os.getpid(), signal.SIGINT)
