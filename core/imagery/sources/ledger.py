"""The log of payments to a service, and the budget, which is never exceeded."""

from __future__ import annotations

import csv
import os
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timezone
from pathlib import Path

from ...errors import ServiceError, WorkspaceError
from ...store.files import not_following

_COLUMNS = ("time", "request", "what", "status", "processing_units", "bytes", "seconds")


class Bill:
    """The cost of one request: the expected one until the service reports it."""

    def __init__(self, what: str, expected: float) -> None:
        self.request = uuid.uuid4().hex[:12]
        self.what = what
        self.units = expected
        self.bytes = 0
        self.status = "asked"


class Ledger:
    """The log of a workspace, `downloads.csv`: one line when a request is sent, and another with its result.

    `budget` is the maximum to spend in a calendar month (UTC), `rate` the maximum number of requests per minute, and
    `connections` the maximum number at the same time. The last line of a request is the valid one, so that a request
    whose answer was lost, even because the process was killed, counts as paid. Used from many threads; what other
    processes write is read before the next payment.
    """

    def __init__(
        self, file: Path, budget: float | None = None, rate: float | None = None, connections: int = 1
    ) -> None:
        self._file = file
        self._budget = budget
        self._pause = 60.0 / rate if rate else 0.0
        self._next = 0.0
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(connections)
        self._spent, self._read = 0.0, ("", -1)

    @contextmanager
    def paying(self, what: str, expected: float) -> Iterator[Bill]:
        """Wait for this request's turn, and record its cost, whatever its result.

        Raises ServiceError, before anything is sent, if the budget might be exceeded.
        """
        with self._slots:
            self._wait()
            bill = Bill(what, expected)
            self._reserve(bill)
            began = time.monotonic()
            try:
                yield bill
            finally:
                with self._lock:
                    self._write(bill, time.monotonic() - began)
                    self._spent += bill.units - expected

    def _reserve(self, bill: Bill) -> None:
        with self._lock:
            if self._budget is not None:
                self._read_others()
            if self._budget is not None and self._spent + bill.units > self._budget:
                raise ServiceError(
                    f"The budget is used up: {self._spent:,.1f} of {self._budget:,.1f} processing units are spent "
                    f"this month, and the next request needs {bill.units:,.2f}. Downloaded images are kept. Run again "
                    "with a larger BUDGET, or next month."
                )
            self._write(bill, 0.0)
            self._spent += bill.units

    def _wait(self) -> None:
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._pause
        time.sleep(max(turn - now, 0.0))

    def _write(self, bill: Bill, seconds: float) -> None:
        month, size = self._read
        is_new = not self._file.exists()
        now = datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        row = (now, bill.request, bill.what, bill.status, f"{bill.units:.6f}", bill.bytes, f"{seconds:.2f}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with open(self._file, "a", encoding="utf-8", newline="", opener=not_following) as file:
                start = file.seek(0, os.SEEK_END)
                lines = csv.writer(file, lineterminator="\n")
                if is_new:
                    lines.writerow(_COLUMNS)
                lines.writerow(row)
                self._read = (month, size + file.tell() - start)
        except OSError as error:
            raise WorkspaceError(
                f"{self._file} cannot be written ({error.strerror}). Free disk space and run again."
            ) from error

    def _read_others(self) -> None:
        """Count again if another process has written, or another month has begun."""
        month = datetime.now(timezone.utc).strftime("%Y-%m-")
        size = self._file.stat().st_size if self._file.exists() else 0
        if self._read != (month, size):
            self._spent, self._read = self._spent_in(month), (month, size)

    def _spent_in(self, month: str) -> float:
        """The units of the requests of a month; an incomplete line, of a process that was killed, is skipped."""
        if not self._file.exists():
            return 0.0
        with self._file.open(encoding="utf-8", newline="") as file:
            rows = [row for row in csv.DictReader(file) if row["seconds"] and row["time"].startswith(month)]
        return sum({row["request"]: float(row["processing_units"]) for row in rows}.values())
