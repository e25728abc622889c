"""Maps are found in folders, with what their files say; files that say nonsense say nothing."""

import json
import os
from datetime import datetime

import pytest

from patchwork.core.store.known_maps import choices_of, known_map, maps_in, size_of


@pytest.fixture
def make(tmp_path):
    def make(name, *, age=None, accuracy=None, choices=None):
        folder = tmp_path / "maps" / name
        (folder / "records").mkdir(parents=True)
        (folder / "grid.json").write_text("{}")
        if age is not None:
            (folder / "map.tif").write_bytes(b"map")
            os.utime(folder / "map.tif", (1_500_000_000 - age, 1_500_000_000 - age))
        (folder / "model.json").write_text(json.dumps({"accuracy": accuracy}))
        if choices is not None:
            (folder / "records" / "makemap.json").write_text(json.dumps({"parameters": choices}))
        return folder

    return make


def test_maps_are_listed_once_latest_first(make, tmp_path):
    old, new, unfinished = make("old", age=50), make("new č", age=5), make("unfinished")
    (tmp_path / "maps" / "something else").mkdir()
    (tmp_path / "maps" / "file").write_text("")
    found = maps_in([tmp_path / "maps", old, tmp_path / "nowhere", tmp_path / "maps" / "file"])
    assert [own.folder for own in found] == [new, old, unfinished]
    assert [own.made for own in found] == [*(datetime.fromtimestamp(1_500_000_000 - age) for age in (5, 50)), None]


def test_the_accuracy_is_that_of_the_own_model(make):
    own = known_map(make("a", age=1, accuracy=[0.9, 0.8, 0.95], choices={"model": None}))
    assert (own.accuracy, own.low, own.high) == (0.9, 0.8, 0.95)
    for name, more in (("b", {"choices": {"model": "other.skops"}}), ("c", {"choices": {}})):
        found = known_map(make(name, **{"age": 1, "accuracy": [0.9, 0.8, 0.95], **more}))
        assert found.accuracy == (None if name == "b" else 0.9)
    assert known_map(make("d", accuracy=[0.9, 0.8, 0.95])).accuracy is None  # of a map that is not there


@pytest.mark.parametrize("accuracy", [None, [0.9], {"a": 1}, ["x", [], None], [float("nan")] * 3])
def test_nonsense_is_unknown(make, accuracy):
    found = known_map(make("a", age=1, accuracy=accuracy))
    assert (found.accuracy, found.low, found.high) == (None, None, None)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"parameters": [1]}', "\ud83d"])
def test_a_record_of_nonsense_has_no_choices(make, text):
    folder = make("a", age=1)
    (folder / "records" / "makemap.json").write_text(text, encoding="utf-8", errors="surrogatepass")
    assert choices_of(folder) == {}
    assert known_map(folder).made is not None


def test_the_size_counts_all_files_and_follows_no_link(make, tmp_path):
    folder = make("a", age=1)
    before = size_of(folder)
    (folder / "scenes" / "r1").mkdir(parents=True)
    (folder / "scenes" / "r1" / "x.tif").write_bytes(b"x" * 12_345)
    (tmp_path / "outside").write_bytes(b"x" * 99_999)
    (folder / "link").symlink_to(tmp_path / "outside")
    assert 12_345 <= size_of(folder) - before < 20_000
    assert size_of(tmp_path / "nowhere") == 0
