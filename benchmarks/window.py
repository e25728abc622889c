"""Response of the QGIS window: longest time its event loop is blocked by a run, and time from a click to the series.

    /usr/bin/python3 benchmarks/window.py

Run it with QGIS's own Python. Plays the tests' story of the sample region in the real window, on a
virtual screen. The environment variable PATCHWORK_PYTHON names an interpreter with the engine's packages.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "qgis" / "window"))

from playing import CAN_PLAY, play_story

FIGURES = {
    "held": "longest block of the event loop during the run",
    "held_by_layers": "longest block while layers are added",
    "plot_seconds": "from a click on the map to the series",
}


def main() -> None:
    """Play the story several times and print the figures of each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if not CAN_PLAY or "PATCHWORK_PYTHON" not in os.environ:
        sys.exit("QGIS, xvfb-run or the environment variable PATCHWORK_PYTHON is missing.")
    runs = []
    for _ in range(options.runs):
        with tempfile.TemporaryDirectory(prefix="patchwork-window-") as place:
            runs.append(play_story(Path(place), os.environ["PATCHWORK_PYTHON"], "sample_story"))
    for name, label in FIGURES.items():
        print(f"{label:50}", *(f"{run[name]:7.3f} s" for run in runs))


if __name__ == "__main__":
    main()
