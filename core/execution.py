"""The one place that runs things in parallel: how many at a time, with how much memory, and what became of each."""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import joblib

from .errors import DataError, MissingPackageError, ParameterError, PatchworkError, ServiceError
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


def run_all(
    function: Callable[[T], R],
    tasks: Sequence[T],
    label: Callable[[T], str],
    resources: Resources,
    progress: Progress,
) -> list[R]:
    """The results of `function` for all tasks, in their order. A failed task does not stop the others.

    Raises DataError at the end with every failed task and its reason, and PatchworkErrors of the machine (a full disk)
    likewise.
    """
    results: dict[int, R] = {}
    failures: list[_Failure] = []
    if not tasks:
        return []
    for done, (index, outcome) in enumerate(_outcomes(function, tasks, label, resources), start=1):
        if isinstance(outcome, _Failure):
            failures.append(outcome)
            progress.warning(f"{outcome.label} failed: {outcome.reason}")
        else:
            results[index] = outcome
        progress.report(done / len(tasks))
    _raise(failures, len(tasks))
    return [results[index] for index in range(len(tasks))]


def _raise(failures: Sequence[_Failure], tasks: int) -> None:
    if not failures:
        return
    lines = [f"{failure.label}: {failure.reason}" for failure in failures[:20]]
    more = [f"… and {len(failures) - 20} more."] if len(failures) > 20 else []
    head = f"{len(failures)} of {tasks} failed; the others are done and kept. Mend the cause and run again:"
    raise DataError("\n".join([head, *lines, *more]))


def run_in_threads(
    function: Callable[[T], object],
    tasks: Sequence[T],
    label: Callable[[T], str],
    threads: int,
    progress: Progress,
    *,
    on_done: Callable[[T], None],
) -> None:
    """Run `function` for all tasks in this process, for what waits for a network rather than computes.

    A failed task does not stop the others, but a ServiceError does: it is raised when what is under way has ended. The
    others are raised at the end as in `run_all`.
    """
    failures: list[_Failure] = []
    stopped: list[ServiceError] = []

    def attempt(task: T) -> T | _Failure | None:
        if stopped:
            return None
        try:
            function(task)
        except ServiceError as error:
            stopped.append(error)
            return None
        except Exception as error:
            return _failed(label(task), error)
        return task

    with ThreadPoolExecutor(threads) as pool:
        for done, outcome in enumerate(pool.map(attempt, tasks), start=1):
            if isinstance(outcome, _Failure):
                failures.append(outcome)
                progress.warning(f"{outcome.label} failed: {outcome.reason}")
            elif outcome is not None:
                on_done(outcome)
            if not stopped:
                progress.report(done / len(tasks))
    if stopped:
        raise stopped[0]
    _raise(failures, len(tasks))


def _outcomes(
    function: Callable[[T], R], tasks: Sequence[T], label: Callable[[T], str], resources: Resources
) -> Iterator[tuple[int, R | _Failure]]:
    """The outcome of each task with its number, as they come in."""
    share = resources.share(len(tasks))
    if share.processes == 1 and resources.backend == "processes":
        for index, task in enumerate(tasks):
            yield index, _attempt(function, task, label(task))
        return
    with _backend(resources.backend, share.processes):
        parallel = joblib.Parallel(n_jobs=share.processes, return_as="generator_unordered")
        calls = (
            joblib.delayed(_attempt_numbered)(index, function, task, label(task)) for index, task in enumerate(tasks)
        )
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
    is_ours = isinstance(error, PatchworkError)
    return _Failure(label, str(error) if is_ours else f"{type(error).__name__}: {error}")


def _attempt_numbered(index: int, function: Callable[[T], R], task: T, label: str) -> tuple[int, R | _Failure]:
    return index, _attempt(function, task, label)


def _end_with_parent(parent: int) -> None:
    """End this worker when the process that started it is gone, however it went: nothing computes for nobody."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.3)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
