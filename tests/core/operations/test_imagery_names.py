"""Times, bands and copies of a folder through the engine: what is said before anything is fetched."""

import json
import shutil

import numpy as np
import pytest
import rasterio

from patchwork.core.errors import DataError
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress

TIMES = ["20190403T100031", "20190413T100029"]


@pytest.fixture
def run(tmp_path):
    """`run("findscenes", band_names=…)` runs an operation in one workspace; outputs, and messages with their level."""

    def one(name, **given):
        said = []
        progress = Progress(on_message=lambda level, text: said.append(f"{level}: {text}"))
        values = {"workspace": tmp_path / "work", "imagery": tmp_path / "imagery", **given}
        parameters = OPERATIONS[name].parameters.from_values(values)
        return execute(OPERATIONS[name], parameters, {}, progress), said

    return one


def catalogue(tmp_path):
    return json.loads((tmp_path / "work" / "scenes.json").read_text())["acquisitions"]


def test_band_names_reach_all_steps_and_are_remembered(make_imagery, tmp_path, run):
    values = np.broadcast_to(np.arange(1, 5)[:, None, None], (len(TIMES), 4, 20, 30))
    make_imagery(tmp_path / "imagery", times=TIMES, bands=("", "", "", ""), values=values)
    with pytest.raises(DataError, match="its bands have no names"):
        run("splitarea")
    run("splitarea", band_names="B02,B03,B04,B08")
    run("findscenes")
    assert [item["bands"] for item in catalogue(tmp_path)] == [["B02", "B03", "B04", "B08"]] * 2
    run("downloadscenes")
    assert scene(tmp_path) == {"B02": 1, "B03": 2, "B04": 3, "B08": 4}
    run("downloadscenes", band_names="B08,B04,B03,B02")
    assert scene(tmp_path) == {"B08": 1, "B04": 2, "B03": 3, "B02": 4}
    run("downloadscenes")
    assert scene(tmp_path) == {"B08": 1, "B04": 2, "B03": 3, "B02": 4}


def scene(tmp_path):
    """The value of each band of the first scene."""
    file, *_ = sorted((tmp_path / "work" / "scenes").rglob(f"{TIMES[0]}.tif"))
    with rasterio.open(file) as image:
        return dict(zip(image.descriptions, image.read()[:, 0, 0].tolist(), strict=True))


def test_the_command_line_takes_band_names(make_imagery, tmp_path, run_engine):
    make_imagery(tmp_path / "imagery", times=TIMES, bands=("", "", "", ""))
    places = ("--workspace", tmp_path / "work", "--imagery", tmp_path / "imagery")
    failed = run_engine("splitarea", *places)
    assert (failed.returncode, "BAND_NAMES=B02,B03,B04,B08" in failed.stderr) == (1, True)
    for name in ("splitarea", "findscenes"):
        done = run_engine(name, *places, "--band-names", "blue,green,red,nir")
        assert done.returncode == 0, done.stderr
    assert catalogue(tmp_path)[0]["bands"] == ["B02", "B03", "B04", "B08"]


def test_bands_that_may_have_other_names_are_asked_for_before_anything_is_fetched(make_imagery, tmp_path, run):
    make_imagery(tmp_path / "imagery", times=TIMES, bands=("c1", "c2", "c3", "c4", "B11", "B12"))
    run("splitarea")
    for name in ("findscenes", "downloadscenes"):
        with pytest.raises(
            DataError, match=r"no B02, B03, B04, B08; its bands are c1, c2, c3, c4, B11, B12.*BAND_NAMES"
        ):
            run(name)
    assert not (tmp_path / "work" / "scenes").exists()
    run("findscenes", bands="c1,c2", indices="none")  # as they are, for whoever wants these


@pytest.mark.parametrize(("other", "refused"), [("infrared", True), ("dataMask", False), ("SCL", False)])
def test_a_name_that_may_be_a_missing_band_is_asked_for(make_imagery, tmp_path, run, other, refused):
    make_imagery(tmp_path / "imagery", times=TIMES, bands=("B02", "B03", "B04", other))
    run("splitarea")
    if refused:
        with pytest.raises(DataError, match=r"no B08, B11, B12; .* BAND_NAMES; otherwise set BANDS and INDICES"):
            run("findscenes")
    _, said = run("findscenes", **({"indices": "none"} if refused else {}))
    assert any("The imagery has no" in message for message in said)


def test_radar_with_a_layer_beside_it_lacks_nothing(make_imagery, tmp_path, run):
    make_imagery(tmp_path / "imagery", times=TIMES, bands=("VV", "VH", "angle"))
    run("splitarea")
    run("findscenes")
    assert catalogue(tmp_path)[0]["bands"] == ["VV", "VH", "angle"]


def test_imagery_with_none_of_the_bands_is_refused_early(make_imagery, tmp_path, run):
    make_imagery(tmp_path / "imagery", times=TIMES, bands=("B05", "SCL"))
    run("splitarea")
    with pytest.raises(DataError, match=r"none of the bands B02, B03, .* its bands are B05, SCL. Set BANDS"):
        run("findscenes")


@pytest.mark.parametrize(
    ("bands", "said"),
    [
        (("B02", "B03", "B04", "B08"), "info: The imagery has no B11, B12 (BANDS, INDICES)"),
        (("B11", "B12", "SCL"), "warning: The imagery has no B02, B03, B04, B08, NDVI, NDWI, brightness (BANDS"),
        (("B02", "B03", "B04", "B08", "B11", "B12"), None),
    ],
)
def test_missing_bands_are_reported_when_scenes_are_found(make_imagery, tmp_path, run, bands, said):
    make_imagery(tmp_path / "imagery", times=TIMES, bands=bands)
    run("splitarea")
    _, messages = run("findscenes")
    found = [message for message in messages if "has no B" in message]
    assert (found == []) if said is None else (len(found) == 1 and found[0].startswith(said))


def test_copies_are_skipped_with_a_warning_and_counted_once(make_imagery, tmp_path, run):
    folder = make_imagery(tmp_path / "imagery", times=TIMES, bands=("B02", "B03", "B04", "B08", "SCL"))
    shutil.copy(folder / f"S2_{TIMES[0]}.tif", folder / f"S2_{TIMES[0]} (1).tif")
    (folder / f"._S2_{TIMES[0]}.tif").write_bytes(b"\0\5\26\7")
    run("splitarea")
    _, messages = run("findscenes")
    assert [item["time"] for item in catalogue(tmp_path)] == TIMES
    assert f"warning: 1 copy of another file is skipped: S2_{TIMES[0]} (1).tif (S2_{TIMES[0]}.tif)." in messages


def test_overlapping_tiles_a_second_apart_count_once(make_imagery, tmp_path, run):
    bands = ("B02", "B03", "B04", "B08", "SCL")
    for prefix, time in (("a", "20190403T100031"), ("b", "20190403T100032")):
        make_imagery(tmp_path / "imagery", times=[time], bands=bands, prefix=prefix)
    run("splitarea")
    run("downloadscenes")
    for name in ("maskclouds", "observationstatistics"):
        parameters = OPERATIONS[name].parameters.from_values({"workspace": tmp_path / "work"})
        outputs = execute(OPERATIONS[name], parameters, {}, Progress())
    with rasterio.open(outputs["valid_count"]) as file:
        assert np.unique(file.read(1)).tolist() == [1]
