"""The warm worker: an engine process for short requests, kept running while the dock is open."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Optional

from qgis.core import QgsProcessingException

from .child import EngineProcess
from .interpreter import Interpreter, find_interpreter


class Worker:
    """At most one process for one request at a time; if it is busy, a request starts its own process."""

    def __init__(self) -> None:
        self._busy = threading.Lock()
        self._is_wanted = False
        self._child: Optional[EngineProcess] = None

    def keep(self) -> None:
        """Start a process in the background and keep one running."""
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
        """End the process during the `with` block, such as while its packages are replaced."""
        is_wanted = self._is_wanted
        self.release()
        try:
            yield
        finally:
            if is_wanted:
                self.keep()

    @contextmanager
    def borrowed(self, interpreter: Interpreter) -> Iterator[Optional[EngineProcess]]:
        """The process for one request; None if there is none or it is busy.

        If the request is cancelled or fails, the process is replaced.
        """
        if not self._is_wanted or not self._busy.acquire(blocking=False):
            yield None
            return
        try:
            yield self._running(interpreter)
        finally:
            child = self._child
            is_unusable = child is None or not child.has_answered or not child.is_alive()
            if is_unusable or not self._is_wanted:
                self._end()
            self._busy.release()
            if is_unusable and self._is_wanted:
                self.keep()

    def _running(self, interpreter: Interpreter) -> EngineProcess:
        if self._child is not None and (self._child.interpreter != interpreter or not self._child.is_alive()):
            self._end()
        if self._child is None:
            self._child = EngineProcess(interpreter, ["worker"], interpreter.environment(), is_worker=True)
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
