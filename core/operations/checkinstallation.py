"""What is there, and what is missing."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ..parameters import NumberOutput, Operation, TextOutput
from ..progress import Progress
from .declarations import OfService


@dataclass(frozen=True)
class CheckInstallation(OfService):
    """The account, where one is to be tried."""


@dataclass(frozen=True)
class Checked:
    """A text ready to paste into a bug report."""

    report: Annotated[str, TextOutput("Report")]
    missing: Annotated[int, NumberOutput("Number of missing packages")]


def run(parameters: CheckInstallation, progress: Progress) -> Checked:
    """Versions of Python and the packages, processors and memory."""
    import platform
    import shutil

    from ..versions import package_versions

    versions = package_versions()
    free = shutil.disk_usage(Path.home()).free / 1e9
    lines = [
        f"Interpreter: {sys.executable} (Python {platform.python_version()})",
        f"System: {platform.platform()}, {os.cpu_count()} processor cores, {free:.0f} GB free in {Path.home()}",
        *(f"{name}: {version}" for name, version in versions.items() if name != "python"),
    ]
    missing = [name for name, version in versions.items() if version == "missing"]
    if not missing and (parameters.auth or parameters.service_url or os.environ.get("SH_CLIENT_ID")):
        lines.append(f"Account: {_account(parameters)}")
    lines.append(f"Missing: {', '.join(missing)}" if missing else "Everything the engine needs is there.")
    for line in lines:
        progress.info(line)
    return Checked("\n".join(lines), len(missing))


def _account(parameters: CheckInstallation) -> str:
    """Whether the service accepts the account, and what it has left."""
    from ..errors import PatchworkError
    from ..sources.sentinel_hub import SentinelHubSource
    from ..sources.services import Service

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
