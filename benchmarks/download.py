"""Download speed against the limits of the service, and time saved by masking clouds during the download.

    python benchmarks/download.py

Starts the test server with answers of 200 ms in a process of its own, downloads about a hundred scenes of the sample
region, and compares the time with what the connections or the rate limit allow; then compares downloading and masking
clouds one after the other with both at the same time, and prints the memory of the latter.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "core" / "launcher"))

from patchwork.core.imagery.fetching import fetch_scenes  # noqa: E402
from patchwork.core.operations import findscenes, makemap, maskclouds, splitarea  # noqa: E402
from patchwork.core.operations.makemap import MakeMap  # noqa: E402
from patchwork.core.progress import Progress  # noqa: E402
from patchwork.core.store.workspace import Workspace  # noqa: E402

AREA = "547000,5153000,549000,5155000,EPSG:32633"


def main() -> None:
    """Run all and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--latency", type=float, default=0.2, help="seconds per answer")
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--per-minute", type=float, default=600, help="the rate limit of the second run")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as held:
        folder = Path(held)
        with Server("--latency", given.latency):
            common = {"connections": given.connections, "collection": "sentinel-2-l2a"}
            fetched(folder / "warm", **common)  # the server's own work: the pictures it is asked for
            seconds, requests = fetched(folder / "connections", **common)
            bound = requests * given.latency / given.connections
            print(f"{requests} requests, {given.connections} connections, {given.latency:g} s each: {seconds:.1f} s")
            print(f"  the connections allow {bound:.1f} s: {bound / seconds:.0%} of that limit")
            seconds, requests = fetched(folder / "rate", **common, rate=given.per_minute)
            bound = requests * 60 / given.per_minute
            print(f"{requests} requests, at most {given.per_minute:g} a minute: {seconds:.1f} s")
            print(f"  the rate allows {bound:.1f} s: {bound / seconds:.0%} of that limit")
        with Server("--latency", 0.5):
            fetched(folder / "warm")
            overlap(folder / "beside", given.connections)


def fetched(folder: Path, **options: object) -> tuple[float, int]:
    """Seconds to download the scenes, and the number of requests."""
    asked = prepared(folder, **options)
    requests = findscenes.run(asked, Progress()).requests
    began = time.monotonic()
    fetch(asked)
    return time.monotonic() - began, requests


def fetch(asked: MakeMap) -> None:
    """Download the scenes."""
    workspace = Workspace(asked.workspace)
    source = asked.open_source(asked.ledger(workspace))
    fetch_scenes(workspace, source, asked.connections, asked.resources, Progress())


def overlap(folder: Path, connections: int) -> None:
    """Download and mask clouds one after the other, then at the same time, and print both times."""
    options = {"connections": connections, "cloud_resolution": 20, "memory": 2000, "jobs": 1}
    asked = prepared(folder / "after", **options)
    began = time.monotonic()
    fetch(asked)
    between = time.monotonic()
    maskclouds.run(asked, Progress())
    download, compute = between - began, time.monotonic() - between
    asked = prepared(folder / "beside", **options)
    began = time.monotonic()
    makemap.fetch_and_mask(asked, Progress())
    beside = time.monotonic() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000
    print(f"download {download:.1f} s, cloud masking {compute:.1f} s, both at the same time {beside:.1f} s")
    print(f"  {beside / max(download, compute):.2f} of the longer, {beside / (download + compute):.2f} of the sum")
    print(f"  memory of this process {peak:.0f} MB, of MEMORY 2000 MB")


def prepared(folder: Path, **options: object) -> MakeMap:
    """Parameters of a workspace whose scenes are found but not downloaded."""
    shutil.rmtree(folder, ignore_errors=True)
    values = {
        "workspace": folder,
        "source": "sentinelhub",
        "service_url": os.environ["HUB_URL"],
        "area": AREA,
        "patch_size": 700,
        "start": "2019-01-01",
        "end": "2019-12-31",
        "reference": "none",
        "class_field": "none",
        **options,
    }
    asked = MakeMap.from_values(values)
    splitarea.run(asked, Progress())
    findscenes.run(asked, Progress())
    return asked


class Server:
    """The test server in a process of its own, its account in the environment."""

    def __init__(self, *options: object) -> None:
        path = os.pathsep.join([str(ROOT / "tests"), *sys.path])
        self._process = subprocess.Popen(
            [sys.executable, "-m", "services.hub", *map(str, options)],
            env={**os.environ, "PYTHONPATH": path},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> None:
        facts = json.loads(self._process.stdout.readline())
        os.environ["HUB_URL"] = facts.pop("url")
        os.environ.update(facts)

    def __exit__(self, *reason: object) -> None:
        self._process.kill()
        self._process.wait()


if __name__ == "__main__":
    main()
