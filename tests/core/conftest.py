"""What the tests of the core share: real data where it is there, small synthetic data, and the engine as a process."""

import os
import subprocess
import sys
import tracemalloc
import warnings
from datetime import datetime
from pathlib import Path

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from affine import Affine
from hypothesis import settings

CHECKOUT = Path(__file__).resolve().parents[2]
LAUNCHER = CHECKOUT / "core" / "launcher"
sys.path.insert(0, str(CHECKOUT / "tests"))  # where `services` are

# The same examples in every run; `--hypothesis-profile thorough` looks for new ones.
settings.register_profile("patchwork", deadline=None, max_examples=40, derandomize=True, database=None)
settings.register_profile("thorough", deadline=None, max_examples=400)


def pytest_configure(config):
    # For the engine as a process of its own: the way to the code, and the packages as they are found here.
    paths = [str(LAUNCHER), *filter(None, [os.environ.get("PYTHONPATH", "")])]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    if not config.getoption("--hypothesis-profile", None):
        settings.load_profile("patchwork")


@pytest.fixture(scope="session")
def realdata():
    """The folder of real data: $PATCHWORK_REALDATA, or `shared/realdata` beside the checkout."""
    folder = Path(os.environ.get("PATCHWORK_REALDATA") or CHECKOUT.parent / "shared" / "realdata")
    if not (folder / "README.md").is_file():
        pytest.skip(f"there is no real data in {folder}; set PATCHWORK_REALDATA")
    return folder


@pytest.fixture(scope="session")
def make_imagery():
    """`make_imagery(folder, times=…, bands=…, shape=…)` writes a folder source and returns the folder.

    `times` are datetimes or texts as in file names. `values` is one number, an array (time, band, y, x), or a function
    of (number of the time, band name, shape) that gives (y, x); left out, it is reproducible noise, vegetation in SCL.
    The pixel is `pixel` metres, or (width, height); `corner` is the upper left one.
    """

    def make(
        folder,
        *,
        times,
        bands=("B02", "B03", "B04", "B08"),
        shape=(20, 30),
        values=_noise,
        crs="EPSG:32633",
        corner=(500_000.0, 5_100_000.0),
        pixel=10.0,
        prefix="S2",
        dtype="uint16",
    ):
        folder.mkdir(parents=True, exist_ok=True)
        width, height = (pixel, pixel) if np.isscalar(pixel) else pixel
        for number, moment in enumerate(times):
            name = moment.strftime("%Y%m%dT%H%M%S") if isinstance(moment, datetime) else moment
            if callable(values):
                pixels = np.stack([np.broadcast_to(values(number, band, shape), shape) for band in bands])
            else:
                pixels = np.broadcast_to(values if np.isscalar(values) else values[number], (len(bands), *shape))
            profile = {
                "driver": "GTiff",
                "count": len(bands),
                "height": shape[0],
                "width": shape[1],
                "dtype": dtype,
                "crs": crs,
                "transform": Affine(width, 0.0, corner[0], 0.0, -height, corner[1]),
                "nodata": 0,
            }
            with rasterio.open(folder / f"{prefix}_{name}.tif", "w", **profile) as file:
                file.write(pixels.astype(dtype))
                file.descriptions = tuple(bands)
        return folder

    return make


def _noise(number, band, shape):
    if band == "SCL":
        return np.full(shape, 4, dtype=np.uint16)
    seed = [number, *band.encode()]
    return np.random.default_rng(seed).integers(200, 4000, shape).astype(np.uint16)


@pytest.fixture(scope="session")
def make_reference():
    """`make_reference(path, polygons, fields, crs)` writes a vector file (driver by suffix) and returns its path.

    `polygons` are geometries or None, `fields` maps names to one value for each; `crs` None leaves the layer without.
    """

    def make(path, polygons, fields, crs="EPSG:32633", *, layer=None):
        path.parent.mkdir(parents=True, exist_ok=True)
        columns = [_column(values) for values in fields.values()]
        kinds = {polygon.geom_type for polygon in polygons if polygon is not None}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # that there is no CRS
            pyogrio.raw.write(
                path,
                shapely.to_wkb(np.array([*polygons, None], dtype=object)[:-1]),
                columns,
                list(fields),
                crs=crs,
                geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown",
                **({"layer": layer} if layer else {}),
            )
        return path

    return make


def _column(values):
    if isinstance(values, np.ndarray):
        return values
    texts = any(value is None or isinstance(value, str) for value in values)
    return np.array(values, dtype=object if texts else None)


@pytest.fixture(scope="session")
def run_engine():
    """`run_engine("splitarea", "--workspace", …)` runs the engine as a process of its own; the finished process."""

    def run(*arguments, env=None, input=None, timeout=600):
        environment = {**os.environ, **(env or {})}
        return subprocess.run(
            [sys.executable, "-m", "patchwork.core", *map(str, arguments)],
            capture_output=True,
            text=True,
            env=environment,
            input=input,
            timeout=timeout,
            check=False,
        )

    return run


@pytest.fixture(scope="module")
def quick_runs():
    """Runs in this process train few trees and write a stub of a report: both take longer than the rest of a small map,
    and have tests of their own."""

    def write(workspace):
        page = workspace.paths.report
        page.write_text("no report", encoding="utf-8")
        return page

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("patchwork.core.report.write_report", write)
        patch.setattr("patchwork.core.learning.classifiers.extra_trees._TREES", 20)
        yield


@pytest.fixture(scope="session")
def peak_memory():
    """`peak_memory(function)` calls a function twice; the bytes allocated at most in the second call, imports done."""

    def measure(function):
        function()
        tracemalloc.start()
        try:
            function()
            return tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()

    return measure


@pytest.fixture
def small_disk(tmp_path):
    """A folder on a disk of 300 kB; skips where this process may not mount one."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(folder)]
    if sys.platform != "linux" or os.geteuid() != 0 or subprocess.run(mounting, capture_output=True).returncode:
        pytest.skip("a small disk can only be mounted by root on Linux")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)
