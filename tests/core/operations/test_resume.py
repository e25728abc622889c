"""Runs that are killed at any moment and started again, and steps that were left half-way."""

import contextlib
import json
import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyogrio
import pytest
import shapely
from services.commands import processes_of, run

from patchwork.core.store.workspace import Workspace

pytestmark = pytest.mark.usefixtures("quick_runs")


def outcome(folder):
    """What a run made: bytes of rasters, tables, styles and facts; GeoPackages by content (they tell when they were
    written), the model by the map it makes, records without the seconds that steps took."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        name = str(path.relative_to(folder))
        if path.suffix in (".tif", ".csv", ".qml"):
            found[name] = path.read_bytes()
        elif path.suffix == ".json":
            facts = json.loads(path.read_text(encoding="utf-8"))
            found[name] = {key: value for key, value in facts.items() if key not in ("seconds", "parameters", "model")}
        elif path.suffix == ".gpkg":
            facts, _, shapes, columns = pyogrio.raw.read(path)
            found[name] = (list(facts["fields"]), shapes.tolist(), repr([column.tolist() for column in columns]))
        elif name != ".lock":
            found[name] = "there"
    return found


def same(one, other):
    assert one.keys() == other.keys()
    assert [name for name in one if one[name] != other[name]] == []
    return True


def written(folder):
    """When each raster of a patch was written: these take the time of a run."""
    return {path: path.stat().st_mtime_ns for path in folder.glob("*/**/[!.]*.tif") if path.parent.name != "masks"}


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="processes are counted in /proc")
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(realdata, run_engine, tmp_path):
    period = ("--start", "2018-04-15", "--end", "2018-05-12")
    inputs = ("--imagery", realdata / "flanders", "--reference", realdata / "flanders" / "reference.shp")
    options = ("--class-field", "crop", "--patch-size", "350", "--per-class", "40", "--validation", "polygons")
    command = ["makemap", *inputs, *options, *period, "--jobs", "2", "--workspace"]
    undisturbed = run_engine(*command, tmp_path / "undisturbed")
    assert undisturbed.returncode == 0, undisturbed.stderr
    whole = len(written(tmp_path / "undisturbed"))

    folder = tmp_path / "killed"
    moments = random.Random(20190731)
    for number in range(3):
        before = written(folder)
        engine = subprocess.Popen(
            [sys.executable, "-m", "patchwork.core", *map(str, command), str(folder)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        moment = whole * moments.uniform(0.05 + 0.3 * number, 0.3 + 0.3 * number)
        while len(written(folder)) < moment:
            assert engine.poll() is None
            time.sleep(0.02)
        assert engine.poll() is None
        engine.kill()
        engine.wait()
        end = time.monotonic() + 15
        while processes_of(engine.pid) and time.monotonic() < end:
            time.sleep(0.1)
        assert processes_of(engine.pid) == []
        after = written(folder)
        assert {path: after.get(path) for path in before} == before
    before = written(folder)
    finished = run_engine(*command, folder)
    assert finished.returncode == 0, finished.stderr
    after = written(folder)
    assert {path: after.get(path) for path in before} == before
    assert not list(folder.rglob(".part-*"))
    assert same(outcome(folder), outcome(tmp_path / "undisturbed"))


# The same, at moments chosen one by one, on a small made-up country


@pytest.fixture(scope="module")
def make_map(tmp_path_factory, make_imagery, make_reference):
    folder = tmp_path_factory.mktemp("country")
    shape = (24, 24)
    truth = np.kron([[1, 2], [3, 1]], np.ones((12, 12)))

    def values(number, band, shape):
        if band == "SCL":
            return np.roll(np.kron([[9, 4, 4], [4, 4, 4], [4, 3, 4]], np.ones((8, 8))), 5 * number, axis=1)
        noise = np.random.default_rng([number, *band.encode()]).normal(0, 300, shape)
        return (truth * {"B04": 500, "B08": 900}[band] + noise).clip(1)

    times = [f"2019{month:02d}05T100031" for month in range(4, 8)]
    imagery = make_imagery(folder / "imagery", times=times, bands=("B04", "B08", "SCL"), shape=shape, values=values)
    corners = [(0, 0), (0, 6), (6, 0), (12, 0), (0, 12), (6, 12), (12, 12), (18, 18)]
    shapes = [
        shapely.box(500_000 + 10 * x, 5_100_000 - 10 * y - 60, 500_060 + 10 * x, 5_100_000 - 10 * y) for x, y in corners
    ]
    reference = make_reference(folder / "reference.gpkg", shapes, {"id": [1, 1, 1, 2, 3, 3, 1, 1]})
    inputs = ("--imagery", imagery, "--reference", reference, "--class-field", "id", "--patch-size", 130, "--jobs", 1)

    def make(workspace, *more):
        model = ("--per-class", 12, "--validation", "polygons", "--erosion", 0)
        run("makemap", *inputs, *model, "--workspace", workspace, *more)
        return outcome(workspace)

    return make


@pytest.fixture(scope="module")
def first(make_map, tmp_path_factory):
    """A finished workspace."""
    folder = tmp_path_factory.mktemp("first") / "workspace"
    return SimpleNamespace(folder=folder, outcome=make_map(folder))


class Killed(BaseException):
    """The end of the process, which no handler of the engine sees."""


WRITERS = ("write_layout", "write_catalogue", "write")


def test_a_run_with_other_settings_that_ends_at_any_write_of_facts_does_not_spoil_the_first(
    make_map, first, tmp_path, monkeypatch
):
    """Facts about steps are written apart from the files they tell of. Whatever is between them when a run with other
    settings ends: started again with the first settings, the first outcome comes back."""
    settings = ("--seed", "5", "--dilation", "2", "--erosion", "1")
    begun = 0
    for number in range(30):
        folder = tmp_path / f"workspace{number}"
        shutil.copytree(first.folder, folder)
        count = 0

        def kill_at(number, plain):
            def write(self, *arguments):
                nonlocal count
                count += 1
                if count > number:
                    raise Killed
                return plain(self, *arguments)

            return write

        with monkeypatch.context() as patch:
            for name in WRITERS:
                patch.setattr(Workspace, name, kill_at(number, getattr(Workspace, name)))
            try:
                make_map(folder, *settings)
            except Killed:
                begun += 1
            else:
                break
        made = make_map(folder)
        different = [name for name in first.outcome if made.get(name) != first.outcome[name]]
        assert different == [], f"after the end at fact {number}"
        shutil.rmtree(folder)
    assert begun >= 8


@pytest.mark.parametrize("number", [0, 1, 2, 5, 14, 24, 30, 36])
def test_a_run_that_ends_before_any_file_is_renamed_goes_on_to_the_same_outcome(
    make_map, first, tmp_path, monkeypatch, number
):
    folder, plain, count = tmp_path / "workspace", os.replace, 0

    def replace(source, target):
        nonlocal count
        count += 1
        if count > number:
            raise Killed
        return plain(source, target)

    with monkeypatch.context() as patch, contextlib.suppress(Killed):
        patch.setattr(os, "replace", replace)
        make_map(folder)
    assert same(make_map(folder), first.outcome)


@pytest.mark.parametrize("name", ["grid.json", "patches.gpkg", "scenes.json", "scenes.gpkg", "map.qml", "records"])
def test_facts_that_are_deleted_by_hand_are_written_again(make_map, first, tmp_path, name):
    folder = shutil.copytree(first.folder, tmp_path / "workspace")
    path = folder / name
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert same(make_map(folder), first.outcome)


def test_half_written_files_of_a_killed_run_are_cleared_away(make_map, first, tmp_path):
    folder = shutil.copytree(first.folder, tmp_path / "workspace")
    for name in (".part-99-map.tif", ".part-99-map.tif.plain", "scenes/R0000C0000/.part-99-x.tif"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"half")
    (folder / ".lock").write_text(
        "process 99 on the same machine", encoding="utf-8"
    )  # which a run that ends well wipes
    assert same(make_map(folder), first.outcome)
    assert not list(folder.rglob(".part-*"))


def test_settings_that_change_and_change_back_give_the_first_outcome(make_map, first, tmp_path):
    folder = shutil.copytree(first.folder, tmp_path / "workspace")
    for settings in (("--seed", 3), ("--smoothing", 1), ("--start", "2019-05-01"), ("--patch-size", 5000)):
        make_map(folder, *settings)
    made = make_map(folder)
    assert [name for name in first.outcome if made[name] != first.outcome[name]] == []
