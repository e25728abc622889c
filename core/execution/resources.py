"""Resources of a run: memory, jobs and backend."""

from __future__ import annotations

import re
from dataclasses import dataclass

import joblib

from ..errors import ParameterError

# Memory of a process before it computes anything: the interpreter and its packages.
_PROCESS_MB = 260
_LEAST_BUDGET_MB = 60


@dataclass(frozen=True)
class Resources:
    """Limits of a run: memory in MB of all processes together, jobs (0 = one for each core), and the backend."""

    memory: int = 4000
    jobs: int = 0
    backend: str = "processes"

    def __post_init__(self) -> None:
        if not re.fullmatch(r"processes|dask:.+:\d+", self.backend):
            raise ParameterError(f"Backend (BACKEND): {self.backend!r} is neither `processes` nor `dask:HOST:PORT`.")

    @property
    def wanted_jobs(self) -> int:
        """The number of processor cores to use."""
        return self.jobs or joblib.cpu_count()

    def share(self, tasks: int) -> Share:
        """The share of each process for a number of tasks: fewer processes with threads if memory or tasks are few."""
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
    """The number of processes, and for each its threads and the bytes of its arrays."""

    processes: int
    threads: int
    budget: int
