"""Time of each step, pixels per second, bytes read and written, and peak memory of all its processes.

    python benchmarks/steps.py                                        500 × 500 px × 40 dates × 6 bands, given masks
    python benchmarks/steps.py --side 1000 --dates 69 --bands 13 --memory 2000     one patch of the Slovenia run

Run it with the engine's interpreter and packages. The imagery is synthetic (fields with noise), a folder of GeoTIFFs;
with 6 bands clouds are masked by a scene classification (SCL), with 13 bands by s2cloudless.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "core" / "launcher"))

import numpy as np
import rasterio
import shapely

from patchwork.core.learning.features import SeriesPlan, regular_dates
from patchwork.core.learning.series import interpolate
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress
from patchwork.core.store.vectors import VectorLayer, write_geopackage

L1C = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
SIX = ("B02", "B03", "B04", "B08", "B11", "B12")
STEPS = (
    "splitarea",
    "downloadscenes",
    "maskclouds",
    "observationstatistics",
    "rasterizereference",
    "drawsamples",
    "trainmodel",
    "classifypatches",
    "mosaicmap",
)
FILES_TO_MAP = ("splitarea", "downloadscenes", "maskclouds", "classifypatches", "mosaicmap")
PIXEL = 10.0
CORNER = (500_000.0, 5_100_000.0)


def main() -> None:
    """Make the imagery, run the steps in a child process, measure it, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=500, help="pixels")
    parser.add_argument("--dates", type=int, default=40)
    parser.add_argument("--bands", type=int, default=6, choices=[6, 13])
    parser.add_argument("--memory", type=int, default=4000, help="MB")
    parser.add_argument("--jobs", type=int, default=0)
    parser.add_argument("--patch-size", type=float, help="metres; default: one patch")
    parser.add_argument("--classifier", default="extra-trees")
    parser.add_argument("--run", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.run:
        run_steps(options)
        return
    with tempfile.TemporaryDirectory(prefix="patchwork-benchmark-") as folder:
        make_imagery(Path(folder), options.side, options.dates, options.bands)
        rows = watch([sys.executable, __file__, *sys.argv[1:], "--run", folder])
        show(options, rows)
    if options.bands == 6:
        show_interpolation(options.side, options.dates)


def make_imagery(folder: Path, side: int, dates: int, bands: int) -> None:
    """Write one GeoTIFF for each date and a reference of square fields of five classes."""
    random = np.random.default_rng(1)
    names = (*SIX, "SCL") if bands == 6 else L1C
    field = 25
    classes = random.integers(1, 6, (side // field + 1, side // field + 1))
    base = classes.repeat(field, 0).repeat(field, 1)[:side, :side]
    (folder / "imagery").mkdir()
    transform = rasterio.Affine(PIXEL, 0, CORNER[0], 0, -PIXEL, CORNER[1])
    profile = {"driver": "GTiff", "width": side, "height": side, "count": len(names), "dtype": "uint16", "nodata": 0}
    profile |= {"crs": "EPSG:32633", "transform": transform, "compress": "deflate", "zlevel": 1, "predictor": 2}
    profile |= {"tiled": True, "interleave": "band"}
    for number in range(dates):
        moment = datetime(2019, 1, 1, 10, tzinfo=timezone.utc) + timedelta(days=number * 365 // dates)
        clouds = random.random((side // 50 + 1, side // 50 + 1)).repeat(50, 0).repeat(50, 1)[:side, :side] < 0.4
        with rasterio.open(folder / "imagery" / f"S2_{moment:%Y%m%dT%H%M%S}.tif", "w", **profile) as file:
            file.descriptions = names
            for band, name in enumerate(names, start=1):
                season = 1000 + 600 * np.sin(base + band + number * 6.28 / dates)
                values = season + random.normal(0, 60, base.shape) + np.where(clouds, 4000, 0)
                scl = np.where(clouds, 9, 4)
                file.write((scl if name == "SCL" else np.clip(values, 1, 10000)).astype(np.uint16), band)
    rows, columns = np.indices(classes.shape) * field * PIXEL
    boxes = shapely.box(
        CORNER[0] + columns + 20, CORNER[1] - rows - 230, CORNER[0] + columns + 230, CORNER[1] - rows - 20
    ).ravel()
    layer = VectorLayer("reference", boxes[::3], {"class": classes.ravel()[::3].astype(np.int32)}, "EPSG:32633")
    write_geopackage(folder / "reference.gpkg", layer)


def run_steps(options: argparse.Namespace) -> None:
    """In the child: run the steps one after the other and print where each begins and ends."""
    folder = options.run
    values = {
        "source": "folder",
        "imagery": folder / "imagery",
        "workspace": folder / "workspace",
        "reference": folder / "reference.gpkg",
        "class_field": "class",
        "patch_size": options.patch_size or (options.side + 1_000_000) * PIXEL,
        "memory": options.memory,
        "jobs": options.jobs,
        "classifier": options.classifier,
        "per_class": 1000,
    }
    for name in STEPS:
        operation = OPERATIONS[name]
        known = operation.parameters.__dataclass_fields__
        print(json.dumps({"begin": name}), flush=True)
        parameters = operation.parameters.from_values({key: value for key, value in values.items() if key in known})
        execute(operation, parameters, {}, Progress())
        print(json.dumps({"end": name}), flush=True)


def watch(command: list[str]) -> dict[str, dict[str, float]]:
    """Run the child; for each step seconds, bytes read and written, and peak memory of the process tree."""
    rows: dict[str, dict[str, float]] = {}
    current: dict[str, float] = {}
    done = threading.Event()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:

        def sample() -> None:
            while not done.wait(0.05):
                current["mb"] = max(current.get("mb", 0.0), sum(map(proportional_mb, tree(process.pid))))

        threading.Thread(target=sample, daemon=True).start()
        began, before = 0.0, (0, 0)
        for line in process.stdout or ():
            event = json.loads(line)
            if "begin" in event:
                current.clear()
                began, before = time.monotonic(), input_output(process.pid)
            else:
                after = input_output(process.pid)
                current["mb"] = max(current.get("mb", 0.0), sum(map(proportional_mb, tree(process.pid))))
                rows[event["end"]] = {
                    "seconds": time.monotonic() - began,
                    "read": (after[0] - before[0]) / 1e6,
                    "written": (after[1] - before[1]) / 1e6,
                    "mb": current["mb"],
                }
        done.set()
    if process.returncode:
        sys.exit(process.returncode)
    return rows


def tree(root: int) -> list[int]:
    """The process and all its descendants."""
    parents: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                parent = int(Path(f"/proc/{entry}/stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry))
    found = [root]
    for pid in found:
        found += parents.get(pid, [])
    return found


def proportional_mb(pid: int) -> float:
    """Memory of a process in MB, shared pages counted in proportion (PSS)."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1000 for line in lines if line.startswith("Pss:")), 0.0)


def input_output(root: int) -> tuple[int, int]:
    """Bytes that the processes have read and written so far."""
    read = written = 0
    for pid in tree(root):
        try:
            facts = dict(line.split(": ") for line in Path(f"/proc/{pid}/io").read_text().splitlines())
        except OSError:
            continue
        read += int(facts["rchar"])
        written += int(facts["wchar"])
    return read, written


def show(options: argparse.Namespace, rows: dict[str, dict[str, float]]) -> None:
    """Print the table."""
    pixels = options.side**2
    print(
        f"{options.side} × {options.side} px × {options.dates} dates × {options.bands} bands, {options.classifier}, "
        f"MEMORY {options.memory}, {os.cpu_count()} cores"
    )
    print(f"{'step':24}{'s':>8}{'px/s':>12}{'MB read':>10}{'MB written':>12}{'peak MB':>9}")
    for name, row in rows.items():
        speed = pixels / row["seconds"]
        print(f"{name:24}{row['seconds']:8.2f}{speed:12.0f}{row['read']:10.1f}{row['written']:12.1f}{row['mb']:9.0f}")
    seconds = sum(rows[name]["seconds"] for name in FILES_TO_MAP)
    peak = max(rows[name]["mb"] for name in FILES_TO_MAP)
    print(f"{'files to map':24}{seconds:8.2f}{pixels / seconds:12.0f}{'':22}{peak:9.0f}   ({', '.join(FILES_TO_MAP)})")
    print(
        f"{'all steps':24}{sum(row['seconds'] for row in rows.values()):8.2f}{'':34}"
        f"{max(row['mb'] for row in rows.values()):9.0f}"
    )


def show_interpolation(side: int, dates: int) -> None:
    """Print the time of interpolation alone, to 23 dates of 6 bands and 3 indices."""
    random = np.random.default_rng(1)
    stack = random.integers(1, 5000, (dates, 6, side * side), dtype=np.uint16)
    valid = (random.random((dates, side * side // 25)) > 0.4).repeat(25, axis=1)
    stack = stack[:, :, : valid.shape[1]]
    times = [datetime(2019, 1, 1, 10, tzinfo=timezone.utc) + timedelta(days=n * 365 // dates) for n in range(dates)]
    days = regular_dates(times[0].date(), times[0].date() + timedelta(days=22 * 16), 16)
    plan = SeriesPlan(SIX, ("NDVI", "NDWI", "brightness"), days)
    best = float("inf")
    for _ in range(3):
        began = time.monotonic()
        interpolate(plan, stack, valid, times, os.cpu_count() or 1)
        best = min(best, time.monotonic() - began)
    print(f"interpolation to {len(days)} dates × {len(plan.values)} features: {best:.2f} s (best of 3)")


if __name__ == "__main__":
    main()
