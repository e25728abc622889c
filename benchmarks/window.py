"""How responsive QGIS's window is: how long its event loop is held during a run, and seconds from a click to a series.

    /usr/bin/python3 benchmarks/window.py

Plays the tests' story of the sample region in the real window, on a virtual screen. PATCHWORK_PYTHON is an interpreter
with the engine's packages.
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
    "held": "event loop held at most, during the run",
    "held_by_layers": "event loop held at most, while layers are added",
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
