"""Take the pictures of the documentation from the running program: python3 scripts/pictures.py

Plays the stories of tests/qgis/window in the real QGIS window, with the real data of scripts/test.py, and puts some of
the pictures that they take into docs/images.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import test
from machine import BUILD, CHECKOUT, MachineError

IMAGES = CHECKOUT / "docs" / "images"
# Which picture of which story becomes which.
WANTED = {
    ("sample_story", "2-planned"): "dock-area",
    ("sample_story", "3-running"): "dock-running",
    ("sample_story", "5-asked"): "dock-results",
    ("flanders_story", "1-chosen"): "dock-imagery",
    ("flanders_story", "2-reference"): "dock-reference",
}


def main() -> int:
    """Play the stories and keep the pictures; 0 where all are there."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["PATCHWORK_PICTURES"] = folder
        # Not among temporary files, of which QGIS would warn in the layer tree.
        stories = ["tests/qgis/test_window.py", "tests/qgis/test_window_flanders.py"]
        if test.main([*stories, f"--basetemp={BUILD / 'pictures'}"]):
            return 1
        for (story, picture), name in WANTED.items():
            shutil.copyfile(Path(folder) / story / f"{picture}.png", IMAGES / f"{name}.png")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MachineError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)
