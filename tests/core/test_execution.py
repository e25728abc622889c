"""Running things in parallel: their order, what becomes of failures, and how memory is shared."""

import contextlib
import json
import math
import os
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchwork.core.errors import (
    DataError,
    MissingPackageError,
    MissingStepError,
    ParameterError,
    PatchworkError,
    WorkspaceError,
)
from patchwork.core.execution import Resources, outcomes, resources, run_all
from patchwork.core.progress import Progress


@pytest.fixture(autouse=True)
def workers(monkeypatch):
    """Worker processes run all tasks of several jobs, however short."""
    monkeypatch.setattr(outcomes, "_workers_begun", threading.Event())
    outcomes._workers_begun.set()


def label(task):
    return f"Patch {task}"


def run(function, tasks, jobs=1, backend="processes", progress=None):
    return run_all(function, tasks, label, Resources(2000, jobs, backend), progress or Progress())


@pytest.mark.parametrize("jobs", [1, 2])
def test_results_are_in_the_order_of_the_tasks(jobs):
    def slow_at_first(task):
        import time

        time.sleep(0.2 if task == 0 else 0.0)
        return task * task

    assert run(slow_at_first, list(range(20)), jobs) == [n * n for n in range(20)]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_failed_task_does_not_stop_the_others_and_is_named(jobs):
    told, fractions = [], []
    progress = Progress(fractions.append, lambda level, text: told.append((level, text)))
    with pytest.raises(DataError) as raised:
        run(math.sqrt, [4.0, -1.0, 9.0, -2.0], jobs, progress=progress)
    lines = str(raised.value).splitlines()
    assert lines[0].startswith("2 of 4 failed; the others are done and kept")
    assert sorted(lines[1:]) == [
        "Patch -1.0: ValueError: math domain error",
        "Patch -2.0: ValueError: math domain error",
    ]
    assert sorted(told) == [("warning", f"Patch -{n}.0 failed: ValueError: math domain error") for n in (1, 2)]
    assert sorted(fractions) == [0.25, 0.5, 0.75, 1.0]


def test_our_own_errors_are_told_in_their_own_words():
    done = []

    def work(task):
        done.append(task)
        if task == 1:
            raise WorkspaceError("the disk is full")
        return task

    with pytest.raises(WorkspaceError, match=r"1 of 3 failed.*\nPatch 1: the disk is full$"):
        run(work, [0, 1, 2])
    assert done == [0, 1, 2]


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        ([DataError("a"), DataError("b")], DataError),
        ([WorkspaceError("a"), WorkspaceError("b")], WorkspaceError),
        ([DataError("a"), WorkspaceError("b")], WorkspaceError),
        ([MissingStepError("a")], MissingStepError),
        ([DataError("a"), ValueError("b")], DataError),
    ],
)
@pytest.mark.parametrize("options", [{}, {"jobs": 2}, {"threads": 2}])
def test_failures_keep_their_kind(errors, kind, options):
    threads = options.pop("threads", 0)
    with pytest.raises(PatchworkError, match=f"{len(errors)} of {len(errors)} failed") as raised:
        run_all(_raise, errors, repr, Resources(**options), Progress(), threads=threads)
    assert type(raised.value) is kind


def _raise(error):
    raise error


def test_many_failures_are_counted_and_not_all_listed():
    with pytest.raises(DataError) as raised:
        run(json.loads, ["{"] * 25)
    lines = str(raised.value).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "… and 5 more."


def test_a_cancelled_run_is_not_a_failed_task():
    def work(task):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(work, [1])


def test_nothing_to_do_gives_nothing():
    assert run(math.sqrt, [], 2) == []


def process(task):
    import os
    import time

    time.sleep(task)
    return os.getpid()


def test_workers_start_when_they_save_time(monkeypatch):
    """Short tasks run in this process; the first two long ones show that workers would save time."""
    monkeypatch.setattr(outcomes, "_workers_begun", threading.Event())
    here = os.getpid()
    assert run(process, [0] * 9, 2) == [here] * 9
    assert run(process, [0.1] * 9, 1) == [here] * 9
    monkeypatch.setattr(outcomes, "_BEGIN_SECONDS", 0.2)
    assert [own == here for own in run(process, [0.1] * 9, 2)] == [True, True] + [False] * 7
    assert here not in run(process, [0, 1], 2)  # they have started now


# Memory


@given(st.integers(500, 200_000), st.integers(1, 128), st.integers(1, 5000))
def test_processes_and_their_arrays_fit_the_memory(memory, jobs, tasks):
    share = Resources(memory, jobs).share(tasks)
    interpreters = 1 if share.processes == 1 else share.processes + 1
    assert share.processes * share.budget / 1e6 + interpreters * resources._PROCESS_MB <= memory
    assert 1 <= share.processes <= min(jobs, tasks)
    assert share.threads >= 1
    assert share.processes * share.threads <= jobs
    assert share.budget >= resources._LEAST_BUDGET_MB * 1_000_000


@given(st.integers(500, 50_000), st.integers(1, 64), st.integers(1, 64), st.integers(500, 50_000))
def test_more_memory_never_means_fewer_processes(memory, jobs, tasks, more):
    less, greater = sorted((memory, more))
    assert Resources(less, jobs).share(tasks).processes <= Resources(greater, jobs).share(tasks).processes


def test_few_tasks_have_the_cores_as_threads():
    assert (Resources(8000, 8).share(1).processes, Resources(8000, 8).share(1).threads) == (1, 8)
    assert (Resources(8000, 8).share(3).processes, Resources(8000, 8).share(3).threads) == (3, 2)
    assert (Resources(8000, 8).share(0).processes, Resources(8000, 8).share(0).threads) == (1, 8)


def test_no_number_of_jobs_is_one_for_each_core():
    assert Resources(4000, 0).wanted_jobs >= 1
    assert Resources(4000, 3).wanted_jobs == 3


# Backends


@pytest.mark.parametrize("backend", ["threads", "dask", "dask:", "dask:host", "daks:host:8786", ""])
def test_an_unknown_backend_is_named(backend):
    with pytest.raises(ParameterError, match=rf"BACKEND.*'{backend}' is neither `processes` nor `dask:HOST:PORT`"):
        run(math.sqrt, [1.0, 4.0], 2, backend)


def test_without_dask_its_backend_names_the_package_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)  # as where it is not installed
    with pytest.raises(MissingPackageError, match="pip install distributed"):
        run(math.sqrt, [1.0, 4.0], 2, "dask:localhost:8786")


def test_with_dask_the_results_are_the_same():
    from distributed import LocalCluster

    options = {"host": "127.0.0.1", "protocol": "tcp://", "processes": False, "dashboard_address": None}
    with LocalCluster(n_workers=2, threads_per_worker=1, **options) as cluster:
        backend = "dask:" + cluster.scheduler_address.partition("://")[2]
        assert run(math.sqrt, [float(n * n) for n in range(9)], 2, backend) == [float(n) for n in range(9)]
        with pytest.raises(DataError, match=r"1 of 2 failed.*\nPatch -1\.0: ValueError"):
            run(math.sqrt, [-1.0, 1.0], 2, backend)


# What becomes of patches


class Tile:
    def __init__(self, id_):
        self.id = id_


def told_of(tasks, function, jobs):
    events = []
    progress = Progress(on_event=events.append)
    with contextlib.suppress(DataError):
        run_all(function, tasks, str, Resources(2000, jobs), progress, patch_of=lambda task: Tile(task[0]))
    return events


def root_of(task):
    return math.sqrt(task[1])


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_patch_waits_runs_and_is_done_with_its_last_task(jobs):
    events = told_of([("a", 1), ("b", 4), ("a", 9)], root_of, jobs)
    assert events[0] == {"patches": ["a", "b"], "state": "waiting", "reason": ""}
    for patch in "ab":
        assert [event["state"] for event in events[1:] if event["patches"] == [patch]] == ["running", "done"]
    if jobs == 1:
        assert [(event["patches"][0], event["state"]) for event in events[1:]] == [
            ("a", "running"),
            ("b", "running"),
            ("b", "done"),
            ("a", "done"),
        ]


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_patch_with_a_failed_task_is_never_done_and_tells_why(jobs):
    events = told_of([("a", 1), ("b", -4), ("a", 9), ("b", 1)], root_of, jobs)
    last = {event["patches"][0]: event for event in events[1:]}
    assert last["a"]["state"] == "done"
    assert last["b"]["state"] == "failed"
    assert "math domain error" in last["b"]["reason"]


def test_a_step_is_told_with_its_part_of_the_whole():
    events, fractions = [], []
    whole = Progress(fractions.append, on_event=events.append).part(0.5, 1.0)
    whole.step("Masking clouds", 2, 4, 0.2, 0.6).report(0.5)
    assert events == [{"step": "Masking clouds", "number": 2, "of": 4, "start": 0.2, "stop": 0.6}]
    assert fractions == [pytest.approx(0.5 + 0.5 * 0.4)]
