"""What a changed setting, input or model makes anew: the outcome is that of a workspace that never had the old one."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pyogrio
import pytest
import rasterio
import shapely
from services.commands import run

from patchwork.core.learning.models import load_model, save_model
from patchwork.core.vocabulary.classes import ClassScheme

pytestmark = pytest.mark.usefixtures("quick_runs")

SIDE, LEFT, TOP = 24, 500_000.0, 5_100_000.0
TIMES = [f"2019{month:02d}05T100031" for month in (4, 5, 6, 7)]
BANDS = ("B02", "B03", "B04", "B08", "SCL")
IDS = (3, 700)


def values(number, band, shape):
    """Two classes of land in squares of 6 pixels, and a cloud that moves."""
    kind = np.add.outer(np.arange(SIDE) // 6, np.arange(SIDE) // 6) % 2
    if band == "SCL":
        return np.where(np.arange(SIDE)[:, None] // 3 == number, 9, 4) * np.ones(shape)
    noise = np.random.default_rng([number, *band.encode()]).integers(0, 1200, shape)
    return 500 + 400 * kind * (band == "B08") * number + noise


@pytest.fixture(scope="module")
def place(tmp_path_factory, make_imagery, make_reference):
    """The options for the imagery and for the reference: the squares but every fifth."""
    folder = tmp_path_factory.mktemp("place")
    imagery = make_imagery(folder / "imagery", times=TIMES, bands=BANDS, shape=(SIDE, SIDE), values=values)
    squares = [(x, y) for y in range(4) for x in range(4) if (x + 4 * y) % 5]
    shapes = [shapely.box(LEFT + 60 * x, TOP - 60 * (y + 1), LEFT + 60 * (x + 1), TOP - 60 * y) for x, y in squares]
    reference = make_reference(folder / "reference.gpkg", shapes, {"id": [IDS[(x + y) % 2] for x, y in squares]})
    return ("--imagery", imagery), ("--reference", reference, "--class-field", "id")


@pytest.fixture(scope="module")
def made(place, tmp_path_factory):
    folder = tmp_path_factory.mktemp("made") / "workspace"
    imagery, reference = place
    run("makemap", *imagery, *reference, *OPTIONS["drawsamples"], *OPTIONS["trainmodel"], "--workspace", folder)
    return folder


OPTIONS = {
    "maskclouds": (),
    "rasterizereference": (),
    "drawsamples": ("--per-class", 60),
    "trainmodel": ("--validation", "polygons", "--classifier", "lightgbm"),
}
FILES = {"drawsamples": "samples.gpkg", "trainmodel": "model.skops"}


@pytest.mark.parametrize(
    "steps",
    [
        [("drawsamples", "--per-class", 30)],
        [("drawsamples", "--balance", "proportional", "--per-class", 35)],
        [("drawsamples", "--seed", 5)],
        [("drawsamples", "--step", 30)],
        [("drawsamples", "--bands", "B08")],
        [("drawsamples", "--indices", "NDVI")],
        [("rasterizereference", "--erosion", 0), ("drawsamples",)],
        [("maskclouds", "--dilation", 3), ("drawsamples",)],
        [("trainmodel", "--classifier", "random-forest")],
        [("trainmodel", "--validation", "blocks")],
        [("trainmodel", "--seed", 5)],
        [("drawsamples", "--per-class", 30), ("trainmodel",)],
        [("rasterizereference", "--erosion", 0), ("drawsamples",), ("trainmodel",)],
    ],
    ids=lambda steps: " ".join(str(word) for step in steps for word in step),
)
def test_another_setting_gives_what_a_run_without_the_old_results_gives(place, made, tmp_path, steps):
    folder = shutil.copytree(made, tmp_path / "workspace")
    last = steps[-1][0]
    before = results(folder, last)
    for step, *options in steps:
        one_step(place, folder, step, options)
    found = results(folder, last)
    (folder / "records" / f"{last}.json").unlink()
    (folder / FILES[last]).unlink()
    one_step(place, folder, last, steps[-1][1:])
    assert found == results(folder, last)
    assert found != before


def one_step(place, folder, step, options):
    reference = place[1] if step == "rasterizereference" else ()
    run(step, *reference, *OPTIONS[step], *options, "--workspace", folder, "--jobs", 1)


def results(folder, step):
    """What the record of a step holds but its fingerprint, and the samples as text."""
    record = json.loads((folder / "records" / f"{step}.json").read_text(encoding="utf-8"))
    del record["fingerprint"]
    meta, _, shapes, columns = pyogrio.raw.read(folder / "samples.gpkg")
    return record, list(meta["fields"]), shapes.tolist(), [column.tolist() for column in columns]


def test_another_model_under_the_same_name_classifies_anew(made, tmp_path):
    folder, file = shutil.copytree(made, tmp_path / "workspace"), tmp_path / "model.skops"
    own = load_model(made / "model.skops")
    swapped = ClassScheme(tuple(replace(entry, id=IDS[1 - n]) for n, entry in enumerate(own.scheme.classes)))
    maps = []
    for model in (own, replace(own, scheme=swapped)):
        save_model(file, model)
        run("classifypatches", "--model", file, "--workspace", folder, "--jobs", 1)
        run("mosaicmap", "--workspace", folder)
        maps.append(read(folder / "map.tif"))
    np.testing.assert_array_equal(maps[0], read(made / "map.tif"))
    assert set(np.unique(maps[0])) == set(IDS)
    np.testing.assert_array_equal(maps[1], np.where(maps[0] == IDS[0], IDS[1], IDS[0]))


def read(path):
    with rasterio.open(path) as file:
        return file.read(1)
