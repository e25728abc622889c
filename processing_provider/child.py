"""A process of the engine: requests and messages are lines of JSON; it ends with the process that started it."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess  # nosec B404
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from typing import IO, Any, Callable

from qgis.core import QgsProcessingException

from ..core.system import end_group, own_group
from .interpreter import LAUNCHER, Interpreter, another_interpreter
from .translation import tr

SECONDS_TO_END = 2.0
LINES_IN_ERROR = 30


class EngineProcess:
    """A process of the engine, ended with its child processes at the end of the `with` block.

    A worker (`is_worker`) takes several requests, one after the other; END follows the messages of each.
    """

    END = object()

    def __init__(
        self,
        interpreter: Interpreter,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        *,
        is_worker: bool = False,
    ) -> None:
        """Start the process; QgsProcessingException if the interpreter cannot be started."""
        self.interpreter = interpreter
        self.has_answered = True
        self._is_worker = is_worker
        self._messages: queue.Queue[Any] = queue.Queue()
        self.last_lines: deque[str] = deque(maxlen=LINES_IN_ERROR)
        try:
            self._process = subprocess.Popen(  # nosec B603
                [interpreter.python, "-m", "patchwork.core", *arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                encoding="utf-8",
                errors="replace",
                env=dict(environment),
                cwd=str(LAUNCHER),  # `-m` imports from the working folder first
                **own_group(),
            )
        except OSError as error:
            raise QgsProcessingException(
                tr("The Python interpreter {} cannot be started ({}). {}").format(
                    interpreter.python, error.strerror or error, another_interpreter()
                )
            ) from error
        self._threads = [
            self._read_in_background(self._process.stdout, self._on_line, self._messages.put),
            self._read_in_background(self._process.stderr, self._on_error_line, lambda end: None),
        ]

    def send(self, values: Mapping[str, Any]) -> None:
        """Send a request as a line of JSON; if the process has ended, its last output says why."""
        self.has_answered = False
        with contextlib.suppress(OSError):
            self._process.stdin.write(json.dumps(dict(values)) + "\n")
            self._process.stdin.flush()

    def is_alive(self) -> bool:
        """Whether the process is running."""
        return self._process.poll() is None

    def next_message(self, seconds: float) -> Any:
        """The next message; None after `seconds` without one, END after the last message."""
        try:
            message = self._messages.get(timeout=seconds)
        except queue.Empty:
            if self._process.poll() is not None:
                end_group(self._process)  # its child processes would keep the output open
            return None
        self.has_answered = message is self.END
        return message

    def status(self) -> int:
        """The exit status, after the end of its output."""
        try:
            return self._process.wait(SECONDS_TO_END)
        finally:
            self._threads[1].join(SECONDS_TO_END)

    def __enter__(self) -> EngineProcess:
        return self

    def __exit__(self, *reason: object) -> None:
        """End the process."""
        self.close()

    def close(self) -> None:
        """Close its input, which asks it to end; after SECONDS_TO_END, kill it and its child processes."""
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(SECONDS_TO_END)
        end_group(self._process)
        self._process.wait()
        for thread in self._threads:
            thread.join(SECONDS_TO_END)
        for pipe in (self._process.stdout, self._process.stderr):
            pipe.close()

    def _on_line(self, line: str) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            message = None
        if not isinstance(message, dict):
            self._on_error_line(line)  # printed by a library
            return
        self._messages.put(message)
        if self._is_worker and message.keys() & {"outputs", "error"}:
            self._messages.put(self.END)

    def _on_error_line(self, line: str) -> None:
        if line.strip():
            self.last_lines.append(line.rstrip())

    def _read_in_background(
        self, pipe: IO[str], on_line: Callable[[str], None], on_end: Callable[[object], None]
    ) -> threading.Thread:
        def read() -> None:
            try:
                for line in pipe:
                    on_line(line)
            except ValueError:
                pass  # closed while reading
            on_end(self.END)

        thread = threading.Thread(target=read, daemon=True)
        thread.start()
        return thread
