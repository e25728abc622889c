"""Running a function for many tasks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ..errors import DataError, PatchworkError, WorkspaceError
from ..grid.patches import Patch
from ..progress import Progress
from .outcomes import Failure, outcomes_of_processes, outcomes_of_threads
from .patch_states import PatchStates
from .resources import Resources

T = TypeVar("T")
R = TypeVar("R")


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
    failures: list[Failure] = []
    states = PatchStates([patch_of(task).id for task in tasks] if patch_of else [], progress)
    if threads:
        outcomes = outcomes_of_threads(function, tasks, label, threads, states.started)
    else:
        outcomes = outcomes_of_processes(function, tasks, label, resources, states.started)
    for done, (index, outcome) in enumerate(outcomes, start=1):
        if isinstance(outcome, Failure):
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


def _error_of(failures: Sequence[Failure], tasks: int) -> PatchworkError:
    lines = [f"{failure.label}: {failure.reason}" for failure in failures[:20]]
    more = [f"… and {len(failures) - 20} more."] if len(failures) > 20 else []
    head = f"{len(failures)} of {tasks} failed; the others are done and kept. Fix the problem and run again:"
    kinds = {failure.kind for failure in failures}
    kind = kinds.pop() if len(kinds) == 1 else WorkspaceError if WorkspaceError in kinds else DataError
    return kind("\n".join([head, *lines, *more]))
