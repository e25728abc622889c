"""Outcomes of tasks, results or failures, from threads, processes or a Dask cluster."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar, cast

import joblib

from ..errors import DataError, MissingPackageError, ParameterError, PatchworkError, ServiceError
from ..system import wait_for_end_of_parent
from .resources import Resources
from .working_folder import keep_out_of_workers

T = TypeVar("T")
R = TypeVar("R")

_BEGIN_SECONDS = 2.5  # that worker processes need to start
_LONG_SECONDS = 5.0  # after one task of this length it is known that the others are long too
_workers_begun = threading.Event()  # joblib keeps worker processes from step to step


@dataclass(frozen=True)
class Failure:
    """Why a task failed, as a value: exceptions do not travel well between processes."""

    label: str
    reason: str
    kind: type[PatchworkError]


def outcomes_of_threads(
    function: Callable[[T], R],
    tasks: Sequence[T],
    label: Callable[[T], str],
    threads: int,
    started: Callable[[int], None],
) -> Iterator[tuple[int, R | Failure]]:
    """The outcome of each task with its number as they come in, until one raises ServiceError, which is raised."""
    stopped: list[ServiceError] = []

    def attempt(index: int) -> R | Failure | None:
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
                    yield futures[future], cast("R | Failure", future.result())
        finally:
            for future in futures:
                future.cancel()
    if stopped:
        raise stopped[0]


def outcomes_of_processes(
    function: Callable[[T], R],
    tasks: Sequence[T],
    label: Callable[[T], str],
    resources: Resources,
    started: Callable[[int], None],
) -> Iterator[tuple[int, R | Failure]]:
    """The outcome of each task with its number, as they come in; `started` is called with the number of each task.

    Worker processes take seconds to start. So the first tasks run in this process, until the time that workers would
    save is known to be longer.
    """
    share = resources.share(len(tasks))

    def handed_out() -> Iterator[tuple[int, T]]:
        for index, task in enumerate(tasks):
            started(index)
            yield index, task

    waiting = handed_out()
    if resources.backend == "processes":
        trial = _Trial(len(tasks), share.processes)
        while not trial.is_over:
            index, task = next(waiting)
            with trial.timed():
                outcome = _attempt(function, task, label(task))
            yield index, outcome
        if trial.left == 0:
            return
    with _backend(resources.backend, share.processes):
        parallel = joblib.Parallel(n_jobs=share.processes, return_as="generator_unordered")
        calls = (joblib.delayed(_attempt_numbered)(index, function, task, label(task)) for index, task in waiting)
        yield from parallel(calls)


class _Trial:
    """Decides from the tasks that ran in this process whether worker processes would finish the others sooner.

    The shortest task counts, since the first one may load packages. Workers that have started already cost nothing.
    """

    def __init__(self, tasks: int, processes: int) -> None:
        self.left = tasks
        self._processes = processes
        self._done = 0
        self._shortest = math.inf

    @property
    def is_over(self) -> bool:
        """Whether no task is left, or workers save time."""
        if self.left == 0 or self._processes == 1:
            return self.left == 0
        if _workers_begun.is_set():
            return True
        is_known = self._done > 1 or (self._done == 1 and self._shortest > _LONG_SECONDS)
        return is_known and self._shortest * self.left * (1 - 1 / self._processes) > _BEGIN_SECONDS

    @contextmanager
    def timed(self) -> Iterator[None]:
        """Take the time of a task."""
        began = time.monotonic()
        yield
        self._shortest = min(self._shortest, time.monotonic() - began)
        self._done += 1
        self.left -= 1


@contextmanager
def _backend(name: str, processes: int) -> Iterator[None]:
    """Set joblib's backend during the block."""
    if name == "processes":
        keep_out_of_workers()
        _workers_begun.set()
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


def _attempt(function: Callable[[T], R], task: T, label: str) -> R | Failure:
    try:
        return function(task)
    except Exception as error:
        return _failed(label, error)


def _failed(label: str, error: Exception) -> Failure:
    if isinstance(error, PatchworkError):
        return Failure(label, str(error), type(error))
    return Failure(label, f"{type(error).__name__}: {error}", DataError)


def _attempt_numbered(index: int, function: Callable[[T], R], task: T, label: str) -> tuple[int, R | Failure]:
    return index, _attempt(function, task, label)


def _end_with_parent(parent: int) -> None:
    """End this worker process when its parent process has ended."""

    def watch() -> None:
        wait_for_end_of_parent(parent)
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()
