"""What is there, and what is missing."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import NumberOutput, Operation, TextOutput
from ..progress import Progress
from .declarations.sources import ServiceParameters


@frozen
class CheckInstallation(ServiceParameters):
    """The account, where one is to be tried."""


@frozen
class Checked:
    """A text ready to paste into a bug report."""

    report: Annotated[str, TextOutput("Report")]
    missing: Annotated[int, NumberOutput("Number of missing packages")]


def run(parameters: CheckInstallation, progress: Progress) -> Checked:
    """Versions of Patchwork, Python and the packages; processors, memory and disk."""
    import platform

    from ..versions import package_versions, patchwork_version

    versions = package_versions()
    lines = [
        f"Patchwork: {patchwork_version()}",
        f"Interpreter: {sys.executable} (Python {platform.python_version()})",
        f"System: {platform.platform()}, {os.cpu_count()} processor cores",
        f"Memory: {_memory()}",
        f"Disk: {free_disk(Path.home())}",
        *(f"{name}: {version}" for name, version in versions.items() if name != "python"),
    ]
    missing = [name for name, version in versions.items() if version == "missing"]
    if not missing and (parameters.auth or parameters.service_url or os.environ.get("SH_CLIENT_ID")):
        lines.append(f"Account: {_account(parameters)}")
    lines.append(f"Missing: {', '.join(missing)}" if missing else "Everything the engine needs is there.")
    for line in lines:
        progress.info(line)
    return Checked("\n".join(lines), len(missing))


def free_disk(folder: Path) -> str:
    """The free space of the disk that a folder lies on, in words."""
    try:
        return f"{shutil.disk_usage(folder).free / 1e9:.0f} GB free in {folder}"
    except OSError as error:
        return f"unknown for {folder} ({error.strerror})"


def _memory() -> str:
    """What the machine has and what is free, as far as the system tells."""
    try:
        if os.name == "nt":
            return "{:.1f} GB, {:.1f} GB free".format(*_windows_memory())
        if sys.platform == "linux":
            lines = (line.split() for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines())
            kilobytes = {words[0].rstrip(":"): int(words[1]) for words in lines}
            return f"{kilobytes['MemTotal'] / 1e6:.1f} GB, {kilobytes['MemAvailable'] / 1e6:.1f} GB free"
        return f"{os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 1e9:.1f} GB"
    except (OSError, ValueError, KeyError):
        return "unknown"


def _windows_memory() -> tuple[float, float]:
    """Gigabytes in all, and free."""
    import ctypes

    status = (ctypes.c_ulonglong * 8)()  # a MEMORYSTATUSEX: two 32-bit numbers, then seven of 64 bits
    ctypes.cast(status, ctypes.POINTER(ctypes.c_ulong))[0] = ctypes.sizeof(status)
    if not ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status)):  # type: ignore[attr-defined]
        raise OSError
    return status[1] / 1e9, status[2] / 1e9


def _account(parameters: CheckInstallation) -> str:
    """Whether the service accepts the account, and what it has left."""
    from ..errors import PatchworkError
    from ..imagery.sources.sentinel_hub.source import SentinelHubSource
    from ..imagery.sources.services import Service

    source = SentinelHubSource(Service((), parameters.service_url, parameters.token_url, parameters.auth))
    try:
        source.sign_in()
    except PatchworkError as error:
        return f"not signed in. {error}"
    left = source.quota()
    return "signed in" if left is None else f"signed in, {f'{left:,.0f}'.replace(',', ' ')} units left"


OPERATION = Operation(
    name="checkinstallation",
    label="Check installation",
    group="5 Installation",
    summary="Tells which interpreter and packages the engine uses and what is missing, ready for a bug report.",
    parameters=CheckInstallation,
    results=Checked,
    run=run,
    tags=("installation", "diagnostics"),
)
