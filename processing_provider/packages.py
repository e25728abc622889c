"""Installation of the engine's packages with pip, into their own folder, completely or not at all."""

from __future__ import annotations

import hashlib
import os
import queue
import shutil
import subprocess  # nosec B404
import threading
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import MappingProxyType
from typing import IO, Callable

from ..core import system
from ..core.errors import PatchworkError
from ..core.system import end_group, own_group, take_lock

MARKER = "requirements.sha256"
PIP_INSTALL = ["-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
PIP_INSTALL += ["--only-binary", ":all:"]  # building a package from its source runs code of its own
PIP_INSTALL += ["--no-compile"]  # Python compiles what it imports, a small part of it all
PIP_SETTINGS = {"PIP_USER": "0", "PIP_ROOT_USER_ACTION": "ignore"}
POLL_SECONDS = 0.1
SECONDS_TO_END = 2.0
LINES_IN_ERROR = 15
NO_PACKAGE = "No matching distribution"
ADVICE = {
    "No module named pip": "Install pip for this Python (Debian and Ubuntu: apt install python3-pip) and try again.",
    "No space left on device": "The disk is full: free about 2 GB and try again.",
    "Permission denied": "The folder is not writable: change its permissions, or use another QGIS profile.",
    "WinError": "Files are in use: cancel all runs of Patchwork, close other windows of QGIS and try again.",
    "for SOCKS support": "pip cannot use a SOCKS proxy here: use an HTTP proxy or a folder of wheels (WHEELS).",
    "Connection": "The package index cannot be reached: check the network and the proxy (HTTPS_PROXY) and try again.",
    "CERTIFICATE_VERIFY_FAILED": "The network's certificate is not trusted: set PIP_CERT to your organisation's.",
    NO_PACKAGE: "There is no package for this version of Python: the engine needs Python 3.10 or later.",
}
GENERAL_ADVICE = "Nothing was changed. Fix the problem that pip reports and try again."


class InstallationError(PatchworkError):
    """The packages could not be installed; the message ends with pip's last lines."""

    kind = "installation"


def engine_folder(profile: Path) -> Path:
    """The folder of the engine's packages in a QGIS profile."""
    return profile / "patchwork" / "engine"


def is_current(folder: Path, requirements: Path, python: str | None = None) -> bool:
    """Whether `folder` has the packages of `requirements`, and, with `python`, for that interpreter's version."""
    try:
        digest, version = (folder / MARKER).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return False
    return digest == _digest(requirements) and (python is None or version == _version(python))


def install(
    python: str,
    requirements: Path,
    folder: Path,
    on_line: Callable[[str], None],
    *,
    wheels: Path | None = None,
    variables: Mapping[str, str] = MappingProxyType({}),
    is_cancelled: Callable[[], bool] = lambda: False,
) -> bool:
    """Install the packages of `requirements` into `folder`, replacing its content; False if cancelled.

    pip writes into a temporary folder beside `folder`, which is renamed at the end. `on_line` is called with each line
    that pip prints, `is_cancelled` several times per second. After cancellation, an interrupt or an exception of these,
    pip and its child processes are ended and the temporary folder is removed. With `wheels`, a folder, the network is
    not used. `variables`, such as those of a proxy, are added to pip's environment. Raises InstallationError with
    advice and pip's last lines.
    """
    last: deque[str] = deque(maxlen=LINES_IN_ERROR)

    def keep(line: str) -> None:
        last.append(line)
        on_line(line)

    try:
        with _exclusive_folder(folder.with_name(f"{folder.name}.part")) as beside:
            packages, temporary = beside / "packages", beside / "tmp"
            packages.mkdir()
            temporary.mkdir()
            marker = f"{_digest(requirements)} {_version(python)}\n"
            source = ["--no-index", "--find-links", os.path.abspath(wheels)] if wheels else []
            command = [python, *PIP_INSTALL, *source, "--target", str(packages), "-r", os.path.abspath(requirements)]
            environment = {**_environment(), **variables, "TMPDIR": str(temporary), **PIP_SETTINGS}
            status = _run(command, environment, temporary, keep, is_cancelled)
            if status is None:
                return False
            if status:
                raise _failure(last, wheels)
            (packages / MARKER).write_text(marker, encoding="ascii")
            _replace(folder, packages, beside / "old")
    except (OSError, subprocess.CalledProcessError) as error:
        raise _failure([str(error)], wheels) from error
    return True


@contextmanager
def _exclusive_folder(beside: Path) -> Iterator[Path]:
    """An empty temporary folder, locked against other installations, and removed afterwards."""
    beside.mkdir(parents=True, exist_ok=True)
    file = beside / "lock"
    lock = file.open("a", encoding="utf-8")
    if not take_lock(lock):
        lock.close()
        raise InstallationError("Another installation is running. Wait until it has finished, or cancel it.")
    try:
        _empty(beside, but=file)
        yield beside
    finally:
        _empty(beside, but=file)
        lock.close()  # before `unlink`, since Windows removes no open file
        with suppress(OSError):
            file.unlink()
            beside.rmdir()


def _empty(folder: Path, but: Path) -> None:
    for path in folder.iterdir():
        if path != but:
            shutil.rmtree(path, ignore_errors=True)


def _replace(folder: Path, packages: Path, old: Path) -> None:
    if folder.exists():
        system.replace(folder, old)
    try:
        system.replace(packages, folder)
    except OSError:
        if old.exists():
            system.replace(old, folder)
        raise


def _run(
    command: Sequence[str],
    environment: Mapping[str, str],
    folder: Path,
    on_line: Callable[[str], None],
    is_cancelled: Callable[[], bool],
) -> int | None:
    """Run a program in a folder; returns its exit status, None if cancelled. Its child processes are ended too."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    with subprocess.Popen(  # nosec B603
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=dict(environment),
        cwd=folder,
        **own_group(),
    ) as process:
        reader = threading.Thread(target=_queue_lines, args=(process.stdout, lines), daemon=True)
        reader.start()
        try:
            while not is_cancelled():
                try:
                    line = lines.get(timeout=POLL_SECONDS)
                except queue.Empty:
                    if process.poll() is not None:
                        end_group(process)  # its child processes would keep the output open
                    continue
                if line is None:
                    return process.wait()
                on_line(line)
            return None
        finally:
            end_group(process)
            reader.join(SECONDS_TO_END)


def _queue_lines(pipe: IO[str], lines: queue.SimpleQueue[str | None]) -> None:
    for line in pipe:
        lines.put(line.rstrip())
    lines.put(None)


def _failure(lines: Iterable[str], wheels: Path | None) -> InstallationError:
    text = "\n".join(lines)
    advice = next((advice for sign, advice in ADVICE.items() if sign in text), GENERAL_ADVICE)
    if wheels and NO_PACKAGE in text:
        advice = (
            f"A package is missing in the folder {wheels}, or is for another system or version of Python. On a similar "
            "machine with network access, fill the folder with: python -m pip download -r requirements.txt -d FOLDER"
        )
    return InstallationError(f"The packages could not be installed. {advice}\n{text}")


def _digest(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _version(python: str) -> str:
    """The interpreter's cache tag, such as cpython-311."""
    command = [python, "-c", "import sys; print(sys.implementation.cache_tag)"]
    environment = _environment()
    folder = Path(__file__).parents[1] / "core" / "launcher"  # `-c` imports from the working folder first
    answer = subprocess.run(  # nosec B603
        command, check=True, capture_output=True, encoding="ascii", env=environment, cwd=folder, **own_group()
    )
    return answer.stdout.strip()


def _environment() -> dict[str, str]:
    """The environment without the variables of Python, which may point to QGIS's packages.

    Python 3.10 and older do not know PYTHONSAFEPATH: there the folder in which a program runs must be safe.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return {**kept, "PYTHONSAFEPATH": "1"}
