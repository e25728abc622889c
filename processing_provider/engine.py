"""Run operations of the engine in a child process (see core/__main__.py for the protocol).

The parameters are one line of JSON on the standard input of the child, which stays open: the child ends when it is
closed, and so also if QGIS crashes. Progress, messages, outputs and errors are lines of JSON on its standard output.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Optional

from qgis.core import QgsProcessingException, QgsProcessingFeedback

from .child import EngineProcess
from .feedback import RunFeedback
from .interpreter import Interpreter, another_interpreter, find_interpreter, what_is_missing, what_is_out_of_date
from .proxies import proxy_environment
from .translation import tr
from .worker import WORKER

POLL_SECONDS = 0.1
SECONDS_BETWEEN_TIMES_LEFT = 15.0


def run(
    operation: str,
    values: Mapping[str, Any],
    feedback: QgsProcessingFeedback,
    secrets: Mapping[str, str],
    *,
    in_worker: bool = False,
) -> Optional[dict[str, Any]]:
    """Run an operation with JSON values; returns its outputs by upper-case name, None if cancelled.

    `secrets` are environment variables for the engine, in addition to QGIS's proxy settings. With `in_worker` the warm
    worker runs it if it is free. All other processes have ended when the function returns or raises. Raises
    QgsProcessingException with the engine's error, or with its last output and advice if it ended without one.
    """
    interpreter = find_interpreter()
    outdated = what_is_out_of_date()
    if outdated:
        feedback.pushWarning(str(outdated))
    own = {**proxy_environment(), **secrets}
    if in_worker:
        with WORKER.borrowed(interpreter) as worker:
            if worker is not None:
                worker.send({"operation": operation, "parameters": dict(values), "environment": own})
                return _wait_for_outputs(worker, feedback)
    with _started(interpreter, operation, values, own) as child:
        return _wait_for_outputs(child, feedback)


@contextmanager
def _started(
    interpreter: Interpreter, operation: str, values: Mapping[str, Any], own: Mapping[str, str]
) -> Iterator[EngineProcess]:
    arguments = [operation, "--json", "--parameters", "-"]
    with EngineProcess(interpreter, arguments, {**interpreter.environment(), **own}) as child:
        child.send(values)
        yield child


def _wait_for_outputs(child: EngineProcess, feedback: QgsProcessingFeedback) -> Optional[dict[str, Any]]:
    """The outputs of the request; None if cancelled."""
    messages = _Messages(feedback)
    while not feedback.isCanceled():
        message = child.next_message(POLL_SECONDS)
        if message is child.END:
            return _outputs(messages, child)
        if message is not None:
            messages.receive(message)
    return None


class _Messages:
    """Shows the engine's messages in the feedback, and keeps its outputs or error."""

    def __init__(self, feedback: QgsProcessingFeedback) -> None:
        self._feedback = feedback
        self._shown = ("", 0.0)
        self.outputs: Optional[dict[str, Any]] = None
        self.error: Optional[dict[str, str]] = None

    def receive(self, message: dict[str, Any]) -> None:
        """Show or keep one message."""
        if isinstance(self._feedback, RunFeedback):
            self._feedback.message.emit(message)
        if "progress" in message:
            self._feedback.setProgress(100.0 * message["progress"])
            self._show_time_left(message.get("left") or "")
        elif "message" in message:
            push = self._feedback.pushWarning if message.get("level") == "warning" else self._feedback.pushInfo
            push(message["message"])
        elif "step" in message:
            self._feedback.setProgressText(f"{message['step']} …")
        elif "outputs" in message:
            self.outputs = message["outputs"]
        elif "error" in message:
            self.error = message

    def _show_time_left(self, left: str) -> None:
        """Show the time left, every 15 seconds at most, since each text is a line of the log."""
        shown, when = self._shown
        if left and left != shown and time.monotonic() - when > SECONDS_BETWEEN_TIMES_LEFT:
            self._shown = (left, time.monotonic())
            self._feedback.setProgressText(left)


def _outputs(messages: _Messages, child: EngineProcess) -> dict[str, Any]:
    """The outputs; raises QgsProcessingException if there are none."""
    if messages.error is not None:
        text = messages.error["error"]
        if messages.error.get("kind") == "installation":
            text = str(what_is_missing()) or f"{text}\n{another_interpreter()}"
        raise QgsProcessingException(text)
    if messages.outputs is None:
        raise QgsProcessingException(_why_it_ended(child))
    return messages.outputs


def _why_it_ended(child: EngineProcess) -> str:
    status = child.status()
    lines = "\n".join(child.last_lines) or tr("It printed nothing.")
    if status in (-9, 137):
        advice = tr("The system ended it: memory probably ran out. Lower MEMORY or JOBS, or close other programs.")
    elif "Traceback" in lines:
        advice = tr("This is a bug in Patchwork; please report it with the lines below.")
    else:
        advice = tr("Finished work is kept; run again to continue. {}").format(another_interpreter())
    return tr("The engine ({}) ended without a result (status {}). {}\n{}").format(
        child.interpreter.python, status, advice, lines
    )
