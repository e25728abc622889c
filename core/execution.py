"""The one place that runs things in parallel: how many at a time, with how much memory, and what became of each."""

from __future__ import annotations

import os
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

import joblib

from .errors import DataError, MissingPackageError, ParameterError, PatchworkError, ServiceError, WorkspaceError
from .grid.patches import Patch
from .progress import Progress

T = TypeVar("T")
R = TypeVar("R")

# What a process takes before it computes anything: the interpreter and its packages.
_PROCESS_MB = 260
_LEAST_BUDGET_MB = 60


@dataclass(frozen=True)
class Resources:
    """What a run may take, as the person says it: memory in MB of all processes, jobs (0 = one for each core)."""

    memory: int = 4000
    jobs: int = 0
    backend: str = "processes"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"processes|dask:.+:\d+", self.backend):
            raise ParameterError(f"Backend (BACKEND): {self.backend!r} is neither `processes` nor `dask:HOST:PORT`.")

    @property
    def wanted_jobs(self) -> int:
        """How many processor cores to use."""
        return self.jobs or joblib.cpu_count()

    def share(self, tasks: int) -> Share:
        """How `tasks` things are computed: fewer processes where memory or tasks are few, then threads in them."""
        processes = max(min(self.wanted_jobs, tasks), 1)
        while processes > 1 and self._budget(processes) < _LEAST_BUDGET_MB:
            processes -= 1
        threads = max(self.wanted_jobs // processes, 1)
        return Share(processes, threads, max(self._budget(processes), _LEAST_BUDGET_MB) * 1_000_000)

    def _budget(self, processes: int) -> int:
        """Megabytes for the arrays of one process; a single one is this process itself."""
        interpreters = 1 if processes == 1 else processes + 1
        return (self.memory - interpreters * _PROCESS_MB) // processes


@dataclass(frozen=True)
class Share:
    """How many processes, how many threads in each, and how many bytes each may take for its arrays."""

    processes: int
    threads: int
    budget: int


@dataclass(frozen=True)
class _Failure:
    """Why a task failed, as a value: exceptions do not travel well between processes."""

    label: str
    reason: str
    kind: type[PatchworkError]


def run_all(
    function: Callable[[T], R],
    tasks: Sequence[T],
    label: Callable[[T], str],
    resources: Resources,
    progress: Progress,
    *,
    patch_of: Callable[[T], Patch] | None = None,
    threads: int = 0,
    on_done: Callable[[T], None] = lambda task: None,
) -> list[R]:
    """The results of `function` for all tasks, in their order. A failed task does not stop the others.

    With `threads` the tasks run in that many threads of this process, for work that waits for a network rather than
    computes; then a ServiceError stops all tasks that have not begun, and is raised. With `patch_of` the states of the
    patches are reported. `on_done` is called with each task that has succeeded. At the end an error lists the failed
    tasks with their reasons: of the kind that all of them have, WorkspaceError if the workspace cannot be written, else
    DataError.
    """
    if not tasks:
        return []
    results: dict[int, R] = {}
    failures: list[_Failure] = []
    states = _PatchStates([patch_of(task).id for task in tasks] if patch_of else [], progress)
    if threads:
        outcomes = _outcomes_of_threads(function, tasks, label, threads, states.started)
    else:
        outcomes = _outcomes(function, tasks, label, resources, states.started)
    for done, (index, outcome) in enumerate(outcomes, start=1):
        if isinstance(outcome, _Failure):
            failures.append(outcome)
            progress.warning(f"{outcome.label} failed: {outcome.reason}")
        else:
            results[index] = outcome
            on_done(tasks[index])
        states.ended(index, outcome)
        progress.report(done / len(tasks))
    if failures:
        raise _error_of(failures, len(tasks))
    return [results[index] for index in range(len(tasks))]


class _PatchStates:
    """Tells what becomes of patches that have one task or many: `patches` holds the id for each task, or nothing."""

    def __init__(self, patches: Sequence[str], progress: Progress) -> None:
        self._patches = patches
        self._progress = progress
        self._left = Counter(patches)
        self._running: set[str] = set()
        self._failed: set[str] = set()
        if patches:
            progress.patches(self._left, "waiting")

    def started(self, index: int) -> None:
        """A task begins; told from any thread."""
        if self._patches and self._patches[index] not in self._running:
            self._running.add(self._patches[index])
            self._progress.patches([self._patches[index]], "running")

    def ended(self, index: int, outcome: object) -> None:
        """A task has ended: a patch is done with its last one, and failed with the first that fails."""
        if not self._patches:
            return
        patch = self._patches[index]
        self._left[patch] -= 1
        if isinstance(outcome, _Failure):
            self._failed.add(patch)
            self._progress.patches([patch], "failed", f"{outcome.label}: {outcome.reason}")
        elif not self._left[patch] and patch not in self._failed:
            self._progress.patches([patch], "done")


def _error_of(failures: Sequence[_Failure], tasks: int) -> PatchworkError:
    lines = [f"{failure.label}: {failure.reason}" for failure in failures[:20]]
    more = [f"… and {len(failures) - 20} more."] if len(failures) > 20 else []
    head = f"{len(failures)} of {tasks} failed; the others are done and kept. Fix the problem and run again:"
    kinds = {failure.kind for failure in failures}
    kind = kinds.pop() if len(kinds) == 1 else WorkspaceError if WorkspaceError in kinds else DataError
    return kind("\n".join([head, *lines, *more]))


def _outcomes_of_threads(
    function: Callable[[T], R],
    tasks: Sequence[T],
    label: Callable[[T], str],
    threads: int,
    started: Callable[[int], None],
) -> Iterator[tuple[int, R | _Failure]]:
    """The outcome of each task with its number as they come in, until one raises ServiceError, which is raised."""
    stopped: list[ServiceError] = []

    def attempt(index: int) -> R | _Failure | None:
        if stopped:
            return None
        started(index)
        try:
            return function(tasks[index])
        except ServiceError as error:
            stopped.append(error)
            return None
        except Exception as error:
            return _failed(label(tasks[index]), error)

    with ThreadPoolExecutor(threads) as pool:
        futures = {pool.submit(attempt, index): index for index in range(len(tasks))}
        try:
            for future in as_completed(futures):
                if not stopped:
                    yield futures[future], cast("R | _Failure", future.result())
        finally:
            for future in futures:
                future.cancel()
    if stopped:
        raise stopped[0]


def _outcomes(
    function: Callable[[T], R],
    tasks: Sequence[T],
    label: Callable[[T], str],
    resources: Resources,
    started: Callable[[int], None],
) -> Iterator[tuple[int, R | _Failure]]:
    """The outcome of each task with its number, as they come in; `started` is told each that is handed out."""
    share = resources.share(len(tasks))

    def handed_out() -> Iterator[tuple[int, T]]:
        for index, task in enumerate(tasks):
            started(index)
            yield index, task

    if share.processes == 1 and resources.backend == "processes":
        for index, task in handed_out():
            yield index, _attempt(function, task, label(task))
        return
    with _backend(resources.backend, share.processes):
        parallel = joblib.Parallel(n_jobs=share.processes, return_as="generator_unordered")
        calls = (joblib.delayed(_attempt_numbered)(index, function, task, label(task)) for index, task in handed_out())
        yield from parallel(calls)


@contextmanager
def _backend(name: str, processes: int) -> Iterator[None]:
    """Where joblib runs tasks while the block lasts."""
    if name == "processes":
        with joblib.parallel_config(
            "loky", n_jobs=processes, inner_max_num_threads=1, initializer=_end_with_parent, initargs=(os.getpid(),)
        ):
            yield
        return
    try:
        from distributed import Client
    except ImportError:
        raise MissingPackageError(
            "BACKEND dask needs the package `distributed` in the engine's environment: pip install distributed."
        ) from None
    try:
        client = Client(name.removeprefix("dask:"), timeout=30)  # type: ignore[no-untyped-call,unused-ignore]
    except (OSError, ValueError) as error:
        raise ParameterError(f"Backend (BACKEND): no Dask scheduler answers at {name} ({error}).") from error
    with client, joblib.parallel_config("dask", client=client):
        yield


def _attempt(function: Callable[[T], R], task: T, label: str) -> R | _Failure:
    try:
        return function(task)
    except Exception as error:
        return _failed(label, error)


def _failed(label: str, error: Exception) -> _Failure:
    if isinstance(error, PatchworkError):
        return _Failure(label, str(error), type(error))
    return _Failure(label, f"{type(error).__name__}: {error}", DataError)


def _attempt_numbered(index: int, function: Callable[[T], R], task: T, label: str) -> tuple[int, R | _Failure]:
    return index, _attempt(function, task, label)


def _end_with_parent(parent: int) -> None:
    """End this worker when the process that started it is gone, however it went: nothing computes for nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
