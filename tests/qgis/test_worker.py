"""The warm worker: one process answers many requests, and is replaced if it fails."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

AREA = "15.0,46.0,15.02,46.02,EPSG:4326"


@pytest.fixture
def worker(engine_python):
    """The worker, running during the test."""
    from patchwork.processing_provider.worker import WORKER

    WORKER.keep()
    wait_until(lambda: WORKER._child is not None)
    yield WORKER
    WORKER.release()
    wait_until(lambda: children() == [])


def wait_until(is_true, seconds=20):
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end
        time.sleep(0.02)


def children():
    """The running engines that this process has started."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
            state, parent = (process / "stat").read_text().rpartition(")")[2].split()[:2]
        except OSError:
            continue
        if b"patchwork.core" in command and int(parent) == os.getpid() and state != "Z":
            found.append(int(process.name))
    return found


def test_small_requests_are_answered_by_one_process(run, worker, tmp_path):
    (before,) = children()
    for number in range(3):
        found = run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path / f"č {number}")})
        assert found["PATCH_NUMBER"] == 2
        assert children() == [before]


def test_an_error_of_one_request_is_not_the_end_of_the_worker(run, worker, tmp_path):
    from qgis.core import QgsProcessingException

    before = children()
    run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path)})
    with pytest.raises(QgsProcessingException, match="START, END"):
        run("findscenes", {"SOURCE": "stac", "WORKSPACE": str(tmp_path)})
    assert children() == before


def test_a_cancelled_request_ends_the_process_and_another_takes_its_place(run, worker, tmp_path, feedback):
    (before,) = children()
    feedback.cancel()
    run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path)}, feedback)
    wait_until(lambda: children() not in ([], [before]))
    assert len(children()) == 1
    assert run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path)})["PATCH_NUMBER"] == 2


def test_an_answer_that_comes_when_its_request_was_cancelled_is_not_that_of_the_next(run, worker, tmp_path):
    from patchwork.processing_provider.interpreter import find_interpreter

    (before,) = children()
    with worker.borrowed(find_interpreter()) as child:
        values = {"area": AREA, "source": "stac", "workspace": str(tmp_path / "late")}
        child.send({"operation": "splitarea", "parameters": values})
        wait_until(lambda: child.END in child._messages.queue)  # and nobody reads it
    found = run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path / "next")})
    assert Path(found["PATCHES"]).parent == tmp_path / "next"
    wait_until(lambda: children() not in ([], [before]))


def test_a_worker_that_has_died_is_replaced(run, worker, tmp_path):
    os.kill(children()[0], 9)
    wait_until(lambda: children() == [])
    assert run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path)})["PATCH_NUMBER"] == 2


def test_a_busy_worker_keeps_nobody_waiting(run, worker, tmp_path, provider):
    from patchwork.processing_provider.interpreter import find_interpreter

    with worker.borrowed(find_interpreter()):
        found = run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path)})
    assert found["PATCH_NUMBER"] == 2


def test_heavy_operations_have_a_process_of_their_own(run, worker, tmp_path):
    from qgis.core import QgsProcessingException

    run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path / "ready")})  # by the worker, now idle
    statistics = Path("/proc", str(children()[0]), "io")  # what the worker has read and written
    before = statistics.read_text()
    with pytest.raises(QgsProcessingException, match="has no"):
        run("maskclouds", {"WORKSPACE": str(tmp_path / "empty")})
    assert statistics.read_text() == before


def test_without_a_worker_every_request_starts_an_engine(run, tmp_path, engine_python):
    assert run("splitarea", {"AREA": AREA, "SOURCE": "stac", "WORKSPACE": str(tmp_path)})["PATCH_NUMBER"] == 2
    assert children() == []
