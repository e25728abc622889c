"""Check the installation: versions, missing packages, machine and account."""

import os
import shutil
import sys
from pathlib import Path
from typing import Annotated

from ..frozen import frozen
from ..parameters import NumberOutput, Operation, TextOutput
from ..progress import Progress
from ..system import memory
from .declarations.sources import ServiceParameters


@frozen
class CheckInstallation(ServiceParameters):
    """Parameters of checkinstallation: the service and the account to test."""


@frozen
class Installation:
    """Results of checkinstallation: a report as text, and its main facts."""

    report: Annotated[str, TextOutput("Report", "Text to paste into a bug report.")]
    missing: Annotated[int, NumberOutput("Number of missing packages")]
    account: Annotated[
        str, TextOutput("Account", "State of the account, or why it was not accepted; empty if none was tested.")
    ] = ""
    signed_in: Annotated[int, NumberOutput("Signed in (1 or 0)")] = 0
    units_left: Annotated[float, NumberOutput("Processing units left", "NULL if unknown.")] = float("nan")


def run(parameters: CheckInstallation, progress: Progress) -> Installation:
    """Report versions of Patchwork, Python and the packages, processors, memory and disk; test the account."""
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
    account, is_signed_in, units_left = "", False, float("nan")
    if not missing and (parameters.auth or parameters.service_url or os.environ.get("SH_CLIENT_ID")):
        account, is_signed_in, units_left = _test_account(parameters)
        lines.append(f"Account: {account}")
    lines.append(f"Missing packages: {', '.join(missing)}" if missing else "All required packages are installed.")
    for line in lines:
        progress.info(line)
    return Installation("\n".join(lines), len(missing), account, int(is_signed_in), units_left)


def free_disk(folder: Path) -> str:
    """Free space of the disk that holds a folder, as text."""
    try:
        return f"{shutil.disk_usage(folder).free / 1e9:.0f} GB free in {folder}"
    except OSError as error:
        return f"unknown for {folder} ({error.strerror})"


def _memory() -> str:
    """Total and free memory as text; "unknown" if the system does not report it."""
    try:
        total, free = memory()
    except (OSError, ValueError, KeyError):
        return "unknown"
    return f"{total:.1f} GB" if free is None else f"{total:.1f} GB, {free:.1f} GB free"


def _test_account(parameters: CheckInstallation) -> tuple[str, bool, float]:
    """State of the account as text, whether the service accepts it, and the processing units left (NaN if unknown)."""
    from ..errors import PatchworkError
    from ..imagery.sources.sentinel_hub.source import SentinelHubSource
    from ..imagery.sources.services import Service

    source = SentinelHubSource(Service((), parameters.service_url, parameters.token_url, parameters.auth))
    try:
        source.sign_in()
    except PatchworkError as error:
        return f"Not signed in. {error}", False, float("nan")
    left = source.quota()
    if left is None:
        return "Signed in.", True, float("nan")
    return f"Signed in, {f'{left:,.0f}'.replace(',', ' ')} processing units left.", True, left


OPERATION = Operation(
    name="checkinstallation",
    label="Check installation",
    group="5 Installation",
    summary="Reports the interpreter and packages that the engine uses, and missing packages, for use in a bug report. "
    "Tests the account if one is given.",
    parameters=CheckInstallation,
    results=Installation,
    run=run,
    tags=("installation", "diagnostics"),
    in_worker=True,
)
