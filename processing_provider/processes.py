"""Process groups: child processes that are ended together with their own child processes."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess  # nosec B404
from pathlib import Path
from typing import Any


def own_group() -> dict[str, Any]:
    """Options with which Popen starts a process group, which can be ended as a whole and gets no Ctrl+C."""
    if os.name == "nt":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def end_group(process: subprocess.Popen) -> None:
    """Kill a process that was started with `own_group`, and its child processes."""
    if os.name == "nt":
        if process.poll() is None:
            taskkill = Path(os.environ["SYSTEMROOT"]) / "System32" / "taskkill.exe"
            command = [str(taskkill), "/F", "/T", "/PID", str(process.pid)]
            flags = subprocess.CREATE_NO_WINDOW
            subprocess.run(command, capture_output=True, check=False, creationflags=flags)  # nosec B603
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # all have ended
        os.killpg(process.pid, signal.SIGKILL)
