"""The states of patches while their tasks run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from ..progress import Progress
from .outcomes import Failure


class PatchStates:
    """Reports the states of patches that have one task or many; `patches` holds the id for each task, or is empty."""

    def __init__(self, patches: Sequence[str], progress: Progress) -> None:
        self._patches = patches
        self._progress = progress
        self._left = Counter(patches)
        self._running: set[str] = set()
        self._failed: set[str] = set()
        if patches:
            progress.patches(self._left, "waiting")

    def started(self, index: int) -> None:
        """A task begins; called from any thread."""
        if self._patches and self._patches[index] not in self._running:
            self._running.add(self._patches[index])
            self._progress.patches([self._patches[index]], "running")

    def ended(self, index: int, outcome: object) -> None:
        """A task has ended: a patch is done with its last one, and failed with the first that fails."""
        if not self._patches:
            return
        patch = self._patches[index]
        self._left[patch] -= 1
        if isinstance(outcome, Failure):
            self._failed.add(patch)
            self._progress.patches([patch], "failed", f"{outcome.label}: {outcome.reason}")
        elif not self._left[patch] and patch not in self._failed:
            self._progress.patches([patch], "done")
