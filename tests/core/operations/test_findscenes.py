"""Which acquisitions a workspace takes: those that a person leaves out stay out for the whole area."""

import json

import pytest

from patchwork.core.errors import DataError
from patchwork.core.operations import OPERATIONS, execute
from patchwork.core.progress import Progress

TIMES = ["20190403T100031", "20190413T100029", "20190423T100031"]


@pytest.fixture(scope="module")
def imagery(make_imagery, tmp_path_factory):
    return make_imagery(tmp_path_factory.mktemp("scenes") / "imagery", times=TIMES)


def find(imagery, workspace, **given):
    """What is found, the names in the catalogue, and what was said."""
    said = []
    progress = Progress(on_message=lambda level, text: said.append(f"{level}: {text}"))
    for name, more in (("splitarea", {}), ("findscenes", given)):
        operation = OPERATIONS[name]
        values = {"workspace": workspace, "imagery": imagery, **more}
        outputs = execute(operation, operation.parameters.from_values(values), {}, progress)
    rows = json.loads((workspace / "scenes.json").read_text())["acquisitions"]
    return outputs, [row["time"] for row in rows], "\n".join(said)


def test_scenes_left_out_are_not_in_the_catalogue(imagery, tmp_path):
    outputs, names, said = find(imagery, tmp_path, skip_scenes=f"{TIMES[1]}, {TIMES[2]}")
    assert names == TIMES[:1]
    assert outputs["scene_number"] == 1
    assert "2 of 3 acquisitions skipped as requested (SKIP_SCENES)" in said
    assert "warning" not in said


def test_they_come_back_when_they_are_no_longer_left_out(imagery, tmp_path):
    find(imagery, tmp_path, skip_scenes=TIMES[1])
    assert find(imagery, tmp_path)[1] == TIMES


def test_times_that_there_are_not_are_told(imagery, tmp_path):
    _, names, said = find(imagery, tmp_path, skip_scenes=f"yesterday,{TIMES[0]},20200101T100031")
    assert names == TIMES[1:]
    assert "warning: Skipped scenes (SKIP_SCENES): there is no acquisition at yesterday, 20200101T100031" in said


def test_all_left_out_is_told(imagery, tmp_path):
    with pytest.raises(DataError, match=r"\(SKIP_SCENES\) exclude all 3 acquisitions. Skip fewer"):
        find(imagery, tmp_path, skip_scenes=",".join(TIMES))


def test_whoever_downloads_or_makes_a_map_can_leave_scenes_out():
    for name in ("findscenes", "downloadscenes", "makemap"):
        values = {"workspace": "x", "skip_scenes": "20190403T100031,20190413T100029"}
        parameters = OPERATIONS[name].parameters.from_values(values)
        assert parameters.skip_scenes == ("20190403T100031", "20190413T100029")
        assert OPERATIONS[name].parameters.from_values(parameters.to_values()) == parameters
