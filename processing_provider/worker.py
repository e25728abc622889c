"""An engine process that is kept running for small requests, while the dock is open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Optional

from qgis.core import QgsProcessingException

from .child import Child
from .interpreter import Interpreter, find_interpreter


class Worker:
    """At most one process, used by one request at a time; a request that finds it busy starts its own engine."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._is_wanted = False
        self._child: Optional[Child] = None

    def keep(self) -> None:
        """Keep a process from now on; it starts in the background."""
        self._is_wanted = True
        threading.Thread(target=self._warm_up, daemon=True).start()

    def release(self) -> None:
        """End the process as soon as it is free."""
        self._is_wanted = False
        if self._busy.acquire(blocking=False):
            self._end()
            self._busy.release()

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Keep no process during the block, such as while its packages are replaced."""
        is_wanted = self._is_wanted
        self.release()
        try:
            yield
        finally:
            if is_wanted:
                self.keep()

    @contextmanager
    def borrowed(self, interpreter: Interpreter) -> Iterator[Optional[Child]]:
        """The process for one request, None if none is kept or it is busy.

        When the request is cancelled or fails the process is ended, and another one takes its place.
        """
        if not self._is_wanted or not self._busy.acquire(blocking=False):
            yield None
            return
        try:
            yield self._running(interpreter)
        finally:
            is_spoilt = self._child is None or not self._child.has_answered
            if is_spoilt or not self._is_wanted:
                self._end()
            self._busy.release()
            if is_spoilt and self._is_wanted:
                self.keep()

    def _running(self, interpreter: Interpreter) -> Child:
        if self._child is not None and (self._child.interpreter != interpreter or not self._child.is_alive()):
            self._end()
        if self._child is None:
            self._child = Child(interpreter, ["worker"], interpreter.environment(), answers_many=True)
        return self._child

    def _warm_up(self) -> None:
        with suppress(QgsProcessingException), self._busy:  # the first request reports why there is none
            if self._is_wanted:
                self._running(find_interpreter())

    def _end(self) -> None:
        if self._child is not None:
            self._child.close()
            self._child = None


WORKER = Worker()
