"""Masking clouds while scenes are still being fetched."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from queue import Queue
from threading import Thread
from typing import Callable, Optional

from ..errors import PatchworkError
from ..execution import Resources
from ..imagery.downloads import Download
from ..progress import Progress
from ..store.reading import surroundings_of
from .masks import CloudMasks, Scene


@contextmanager
def masking_beside(masks: CloudMasks, resources: Resources) -> Iterator[Callable[[Download], None]]:
    """Mask clouds in a thread during the block; yields a function to call with each file that exists.

    A scene is masked as soon as all files that its mask depends on exist. Scenes that remain when the block ends, and
    those that failed, are masked by a later refresh.
    """
    arrivals: Queue[Optional[Download]] = Queue()
    worker = Thread(target=_mask_arrivals, args=(masks, resources, arrivals), daemon=True)
    worker.start()
    try:
        yield arrivals.put
    finally:
        arrivals.put(None)
        worker.join()


def _mask_arrivals(masks: CloudMasks, resources: Resources, arrivals: Queue[Optional[Download]]) -> None:
    """Collect arrived files and mask the scenes that they complete, until None arrives."""
    there: set[tuple[str, str, str]] = set()
    workspace = masks.workspace

    def is_complete(scene: Scene) -> bool:
        patch, item = scene
        kinds = ("scene", "cells") if item.cells else ("scene",)
        wanted = {(near.id, item.name, kind) for near in masks.neighbours(patch, item) for kind in kinds}
        if not surroundings_of(workspace, patch, item).window.is_empty:
            wanted.add((patch.id, item.name, "surroundings"))
        return wanted <= there

    while True:
        batch = [arrivals.get()]
        while not arrivals.empty():
            batch.append(arrivals.get())
        arrived = [download for download in batch if download is not None]
        if len(arrived) < len(batch):
            return
        there.update((each.patch.id, each.acquisition.name, each.kind) for each in arrived)
        touched = {
            (near.id, each.acquisition.name): (near, each.acquisition)
            for each in arrived
            for near in masks.neighbours(each.patch, each.acquisition)
        }
        with suppress(PatchworkError):
            masks.refresh([scene for scene in touched.values() if is_complete(scene)], resources, Progress())
