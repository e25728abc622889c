"""The engine's packages: pip puts them into a folder of their own, which is whole or not there."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections import deque
from pathlib import Path
from typing import Callable

from ..core.errors import PatchworkError

MARKER = "requirements.sha256"
LINES_IN_ERROR = 15
ADVICE = {
    "No module named pip": "Install pip for this Python (Debian and Ubuntu: apt install python3-pip) and try again.",
    "No space left on device": "The disk is full: make about 2 GB of room and try again.",
    "Permission denied": "The folder cannot be written: give yourself the right to, or use another QGIS profile.",
    "Connection": "The package index cannot be reached: check the network and the proxy (HTTPS_PROXY) and try again.",
    "CERTIFICATE_VERIFY_FAILED": "The network's certificate is not trusted: set PIP_CERT to your organisation's.",
    "No matching distribution": "No package fits this Python: the engine needs Python 3.10 or later.",
}
GENERAL_ADVICE = "Nothing was changed. Mend what pip says and try again."


class InstallationError(PatchworkError):
    """The packages could not be installed; the message ends with pip's last lines."""

    kind = "installation"


def engine_folder(profile: Path) -> Path:
    """Where the engine's packages lie in a QGIS profile."""
    return profile / "patchwork" / "engine"


def is_current(folder: Path, requirements: Path, python: str | None = None) -> bool:
    """Whether `folder` holds what `requirements` asks for, and, with `python`, for that interpreter's version."""
    try:
        digest, version = (folder / MARKER).read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return False
    return digest == _digest(requirements) and (python is None or version == _version(python))


def install(python: str, requirements: Path, folder: Path, on_line: Callable[[str], None]) -> None:
    """Install what `requirements` asks for into `folder`, in place of what is there.

    pip writes into a folder beside, which is renamed at the end: `folder` is whole or as it was. `on_line` gets each
    line that pip prints; an exception that it raises, or an interrupt, ends pip, removes what it wrote and is passed
    on. Raises InstallationError with pip's last lines and advice.
    """
    beside = folder.with_name(f"{folder.name}.part")
    packages = beside / "packages"
    temporary = beside / "tmp"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        packages.mkdir(parents=True)
        temporary.mkdir()
        marker = f"{_digest(requirements)} {_version(python)}\n"
        _run_pip(python, requirements, packages, temporary, on_line)
        (packages / MARKER).write_text(marker, encoding="ascii")
        if folder.exists():
            folder.rename(beside / "old")
        packages.rename(folder)
    except (OSError, subprocess.CalledProcessError) as error:
        raise _failure([str(error)]) from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _run_pip(python: str, requirements: Path, packages: Path, temporary: Path, on_line: Callable[[str], None]) -> None:
    command = [python, "-m", "pip", "install", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
    command += ["--prefer-binary", "--target", str(packages), "-r", str(requirements)]
    environment = {**_environment(), "TMPDIR": str(temporary), "PIP_USER": "0"}
    last: deque[str] = deque(maxlen=LINES_IN_ERROR)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
        env=environment,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as process:
        try:
            for line in process.stdout or ():
                last.append(line.rstrip())
                on_line(line.rstrip())
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        raise _failure(list(last))


def _end(process: subprocess.Popen[str]) -> None:
    """End pip, and what it has started."""
    if os.name == "posix":
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()


def _failure(lines: list[str]) -> InstallationError:
    text = "\n".join(lines)
    advice = next((advice for sign, advice in ADVICE.items() if sign in text), GENERAL_ADVICE)
    return InstallationError(f"The packages could not be installed. {advice}\n{text}")


def _digest(requirements: Path) -> str:
    return hashlib.sha256(requirements.read_bytes()).hexdigest()


def _version(python: str) -> str:
    """The interpreter's version as its compiled packages know it, such as cpython-311."""
    command = [python, "-c", "import sys; print(sys.implementation.cache_tag)"]
    environment = _environment()
    return subprocess.run(command, check=True, capture_output=True, encoding="ascii", env=environment).stdout.strip()


def _environment() -> dict[str, str]:
    """The environment without what points Python elsewhere, such as at QGIS's own packages."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
