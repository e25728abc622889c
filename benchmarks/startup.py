"""Time the plugin adds to the start of QGIS: processor time to import it and set it up, and the modules it imports.

    /usr/bin/python3 benchmarks/startup.py

Run it with QGIS's own Python. Each run is a fresh process, which has QGIS and its Processing ready before the clock
starts, as QGIS has when it loads plugins. The fastest run and the median are printed: other programs can only make
a run slower.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FACES = {"initGui": "in QGIS's window", "initProcessing": "in qgis_process"}
NOT_FOREIGN = {*sys.stdlib_module_names, "qgis", "PyQt5", "PyQt6", "sip", "processing", "patchwork"}


class Window:
    """A stand-in for QgisInterface that accepts every call."""

    def __init__(self) -> None:
        from qgis.PyQt.QtWidgets import QMainWindow

        self._window = QMainWindow()

    def mainWindow(self):  # noqa: N802
        """A window, the parent of actions."""
        return self._window

    def __getattr__(self, name: str):
        """Menus, tool bars and docks."""
        return lambda *arguments: None


def main() -> None:
    """Run each face several times, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--face", choices=FACES, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.face:
        _start(given.face)
    print(f"{'ms':18} {'fastest':>8} {'median':>8}")
    for face, where in FACES.items():
        runs = [_run(face) for _ in range(given.runs + 1)][1:]  # the first one writes the compiled files
        totals = [run["milliseconds"] for run in runs]
        print(f"{where:18} {min(totals):8.1f} {statistics.median(totals):8.1f}")
        new = runs[0]["modules"]
        foreign = [name for name in new if name.partition(".")[0] not in NOT_FOREIGN]
        own = [name for name in new if name.partition(".")[0] == "patchwork"]
        print(f"    {len(new)} modules, {len(own)} of them Patchwork's; foreign: {', '.join(foreign) or 'none'}")


def _run(face: str) -> dict:
    with tempfile.TemporaryDirectory() as home:
        own = {"HOME": home, "XDG_RUNTIME_DIR": home, "QGIS_CUSTOM_CONFIG_PATH": home, "QT_QPA_PLATFORM": "offscreen"}
        environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
        command = [sys.executable, __file__, "--face", face]
        printed = subprocess.run(command, env={**environment, **own}, capture_output=True, text=True)
    if printed.returncode:
        sys.exit(printed.stderr)
    return json.loads(printed.stdout.splitlines()[-1])


def _start(face: str) -> None:
    """Start QGIS, print the time of the plugin, and exit without cleaning up."""
    from qgis.core import QgsApplication

    application = QgsApplication([], True)
    application.initQgis()
    sys.path[:0] = [str(ROOT / "core" / "launcher"), str(Path(QgsApplication.pkgDataPath()) / "python" / "plugins")]
    from processing.core.Processing import Processing

    Processing.initialize()
    window, before, start = Window(), set(sys.modules), time.process_time()
    from patchwork.plugin.plugin import PatchworkPlugin

    getattr(PatchworkPlugin(window), face)()
    milliseconds = 1000 * (time.process_time() - start)
    new = sorted(set(sys.modules) - before)
    print(json.dumps({"milliseconds": milliseconds, "modules": new}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main()
