"""What the layers of uncertainty cost: python benchmarks/uncertainty.py WORKSPACE [--runs 5] [--jobs 2]

WORKSPACE is one after makemap; a copy is classified. It prints the seconds of classifypatches without layers, and with
each of them and all together, as medians, and their ratios to the map alone.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress

SIDES = {
    "map alone": "none",
    "entropy": "entropy",
    "margin": "margin",
    "probabilities": "probabilities",
    "entropy,margin,probabilities": "entropy,margin,probabilities",
    "dissimilarity,applicability": "dissimilarity,applicability",
    "all": "entropy,margin,probabilities,dissimilarity,applicability",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    found: dict[str, list[float]] = {name: [] for name in SIDES}
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(shutil.copytree(given.workspace, Path(folder) / "workspace"))
        for _ in range(given.runs):
            for name, layers in SIDES.items():
                found[name].append(classify(copy, layers, given.jobs))
    alone = statistics.median(found["map alone"])
    for name, seconds in found.items():
        middle = statistics.median(seconds)
        print(f"{name:30} {middle:7.2f} s   {middle / alone:5.2f} × the map alone")


def classify(workspace: Path, layers: str, jobs: int) -> float:
    """Seconds of classifying all patches anew."""
    for kind in ("maps", "maps-smoothed", "maps-raw", "uncertainty", "probabilities", "applicability"):
        shutil.rmtree(workspace / kind, ignore_errors=True)
    operation = OPERATIONS["classifypatches"]
    parameters = operation.parameters.from_values({"workspace": workspace, "layers": layers, "jobs": jobs})
    began = time.monotonic()
    execute(operation, parameters, {}, Progress())
    return time.monotonic() - began


if __name__ == "__main__":
    main()
