"""Worker processes do not import from the working folder, which may be a data set from a stranger."""

from __future__ import annotations

import os
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

from ..errors import DataError


def keep_out_of_workers() -> None:
    """Start Python processes from now on without the working folder on their path.

    Python 3.10 always puts it there: raises DataError if a file in it has the name of a module that workers import.
    """
    os.environ["PYTHONSAFEPATH"] = "1"
    if sys.version_info >= (3, 11):
        return
    names = (set(packages_distributions()) | sys.stdlib_module_names) - {"patchwork"}
    found = sorted(path.name for path in Path.cwd().iterdir() if path.name.partition(".")[0] in names)
    found = [name for name in found if Path(name).suffix or Path(name, "__init__.py").exists()]
    if found:
        raise DataError(
            f"The working folder {Path.cwd()} has {', '.join(found)}, which Python 3.10 would run in place of its own "
            "modules. Start Patchwork in another folder, set JOBS to 1, or use Python 3.11 or later."
        )
