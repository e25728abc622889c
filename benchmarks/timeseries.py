"""Time of a click on the map: the time series of a pixel, from a process that stays alive, as in the dock.

    python benchmarks/timeseries.py                     500 × 500 px × 100 dates in four patches
    python benchmarks/timeseries.py --index B08,NDVI    another band or index

Run it with the engine's interpreter and packages.
"""

from __future__ import annotations

import argparse
import io
import statistics
import tempfile
import time
from contextlib import redirect_stdout
from pathlib import Path

import numpy as np
from steps import CORNER, PIXEL, make_imagery, run_steps

from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress


def main() -> None:
    """Make a map, request the series of some places, and print the time of the first and later answers."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=500, help="pixels")
    parser.add_argument("--dates", type=int, default=100)
    parser.add_argument("--index", default="NDVI")
    parser.add_argument("--clicks", type=int, default=10)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="patchwork-benchmark-") as folder:
        make_imagery(Path(folder), options.side, options.dates, bands=6)
        half = options.side // 2 * PIXEL
        asked = {"run": Path(folder), "patch_size": half, "memory": 2000, "jobs": 0, "classifier": "random-forest"}
        with redirect_stdout(io.StringIO()):
            run_steps(argparse.Namespace(side=options.side, **asked))
        seconds = [ask(Path(folder) / "workspace", place, options.index) for place in places(options)]
    print(f"{options.dates} acquisitions, {options.index}: first click {seconds[0]:.2f} s")
    print(f"then {statistics.median(seconds[1:]):.2f} s (median), {max(seconds[1:]):.2f} s (slowest)")


def places(options: argparse.Namespace) -> list[str]:
    """Random points in the area."""
    shares = np.random.default_rng(1).random((options.clicks, 2)) * options.side * PIXEL
    return [f"{CORNER[0] + x:.1f},{CORNER[1] - y:.1f},EPSG:32633" for x, y in shares]


def ask(workspace: Path, place: str, index: str) -> float:
    """Seconds for one answer."""
    operation = OPERATIONS["timeseries"]
    began = time.monotonic()
    values = {"workspace": workspace, "place": place, "index": index}
    execute(operation, operation.parameters.from_values(values), {}, Progress())
    return time.monotonic() - began


if __name__ == "__main__":
    main()
