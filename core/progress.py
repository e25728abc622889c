"""Progress and messages of a run, from the steps to the interface that started it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable, Literal

Level = Literal["info", "warning"]
PatchState = Literal["waiting", "running", "done", "failed"]


class Progress:
    """Receives the progress (0 to 1), messages and events of a step; silent unless it is given callbacks.

    `part(start, stop)` maps 0 to 1 to a part of this progress, so that a step runs alone or as one of several alike.
    The states of patches are reported as events, for interfaces that show them.
    """

    def __init__(
        self,
        on_fraction: Callable[[float], None] = lambda fraction: None,
        on_message: Callable[[Level, str], None] = lambda level, text: None,
        on_event: Callable[[dict[str, Any]], None] = lambda event: None,
    ) -> None:
        self._on_fraction = on_fraction
        self._on_message = on_message
        self._on_event = on_event

    def report(self, fraction: float) -> None:
        """Report the fraction that is done, 0 to 1."""
        self._on_fraction(min(max(fraction, 0.0), 1.0))

    def info(self, text: str) -> None:
        """Report information."""
        self._on_message("info", text)

    def warning(self, text: str) -> None:
        """Report something that the user should act on."""
        self._on_message("warning", text)

    def step(self, title: str, number: int, of: int, start: float, stop: float) -> Progress:
        """Report that step `number` of `of` begins; returns the part of this progress for it."""
        self._on_event({"step": title, "number": number, "of": of, "start": start, "stop": stop})
        return self.part(start, stop)

    def patches(self, ids: Iterable[str], state: PatchState, reason: str = "") -> None:
        """Report the state of patches in the current step, with the reason for failed ones."""
        self._on_event({"patches": list(ids), "state": state, "reason": reason})

    def part(self, start: float, stop: float) -> Progress:
        """The part of this progress from `start` to `stop`."""
        return Progress(
            lambda fraction: self.report(start + (stop - start) * fraction), self._on_message, self._on_event
        )
