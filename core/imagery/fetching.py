"""Fetching the missing files of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..execution import Resources, run_all
from ..progress import Progress
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .downloads import Download, plan_downloads
from .layers import write_acquisitions
from .requests import Request, fetch, join_downloads, label_of, patch_of
from .sources.protocols import Source, is_paid

# One value in memory: as it comes, decoded, with the mask of the area, and as it is written.
_BYTES_ON_THE_WAY = 10


def fetch_scenes(
    workspace: Workspace,
    source: Source,
    connections: int,
    resources: Resources,
    progress: Progress,
    on_arrival: Callable[[Download], None] = lambda download: None,
) -> None:
    """Write every file of the catalogue that is missing or out of date.

    From a network, `connections` requests are made at a time, and `on_arrival` is called with each file that exists.
    """
    downloads = plan_downloads(workspace)
    missing = [download for download in downloads if not download.is_current]
    there = len(downloads) - len(missing)
    exist = "exists" if there == 1 else "exist"
    progress.info(f"{counted(len(downloads), 'file')}: {there:,} {exist}, {len(missing):,} to fetch.")
    requests = join_downloads(missing, source.traits.widest)
    threads = 0
    if source.traits.waits:
        wanted = {download.file for download in missing}
        for download in downloads:
            if download.file not in wanted:
                on_arrival(download)
        # Twice as many where the ledger counts the connections: while one answer is written the next is fetched.
        threads = min(connections * (2 if is_paid(source) else 1), _most_at_a_time(requests, resources.memory))

    def on_done(request: Request) -> None:
        if source.traits.waits:
            for download in request.downloads:
                on_arrival(download)

    one = partial(fetch, workspace, source)
    run_all(one, requests, label_of, resources, progress, patch_of=patch_of, threads=threads, on_done=on_done)
    write_acquisitions(workspace)


def _most_at_a_time(requests: Sequence[Request], memory: int) -> int:
    """The number of simultaneous requests whose answers take a quarter of the memory (MB) at most."""
    values = max((len(r.first.bands) * r.window.height * r.window.width for r in requests), default=1)
    return max(int(memory * 1e6 / 4 / (values * _BYTES_ON_THE_WAY)), 1)
