"""Progress and messages of a run, from the steps to whichever face started it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Callable, Literal

Level = Literal["info", "warning"]
PatchState = Literal["waiting", "running", "done", "failed"]


class Progress:
    """Where a step tells how far it is (0 to 1) and what a person should know.

    `part(start, stop)` gives a Progress whose 0 to 1 is that part of this one, so that a step does not know whether it
    runs alone or as one of many. What becomes of the patches is told as events, for faces that show them. The base
    class is silent.
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
        """Tell how much is done, 0 to 1."""
        self._on_fraction(min(max(fraction, 0.0), 1.0))

    def info(self, text: str) -> None:
        """Tell something good to know."""
        self._on_message("info", text)

    def warning(self, text: str) -> None:
        """Tell something the person should act on."""
        self._on_message("warning", text)

    def step(self, title: str, number: int, of: int, start: float, stop: float) -> Progress:
        """Tell that a step begins, the `number`th `of` so many; gives the part of this progress that it takes."""
        self._on_event({"step": title, "number": number, "of": of, "start": start, "stop": stop})
        return self.part(start, stop)

    def patches(self, ids: Iterable[str], state: PatchState, reason: str = "") -> None:
        """Tell what becomes of some patches in the step that runs; of failed ones why."""
        self._on_event({"patches": list(ids), "state": state, "reason": reason})

    def part(self, start: float, stop: float) -> Progress:
        """The part of this progress from `start` to `stop`."""
        return Progress(
            lambda fraction: self.report(start + (stop - start) * fraction), self._on_message, self._on_event
        )
