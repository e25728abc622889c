"""Fetching the missing files of a workspace."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ..execution import Resources, run_all
from ..progress import Progress
from ..store.patch_files import label_of, patch_of
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .downloads import Download, fetch, plan_downloads
from .layers import write_acquisitions
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

    From a network, `connections` files are fetched at a time, and `on_arrival` is called with each file that exists.
    """
    downloads = plan_downloads(workspace)
    missing = [download for download in downloads if not download.is_current]
    there = len(downloads) - len(missing)
    exist = "exists" if there == 1 else "exist"
    progress.info(f"{counted(len(downloads), 'file')}: {there:,} {exist}, {len(missing):,} to fetch.")
    threads = 0
    if source.traits.waits:
        wanted = {download.file for download in missing}
        for download in downloads:
            if download.file not in wanted:
                on_arrival(download)
        # Twice as many where the ledger counts the connections: while one answer is written the next is fetched.
        threads = min(connections * (2 if is_paid(source) else 1), _most_at_a_time(missing, resources.memory))
    one = partial(fetch, workspace, source)
    run_all(
        one,
        missing,
        label_of,
        resources,
        progress,
        patch_of=patch_of,
        threads=threads,
        on_done=on_arrival if source.traits.waits else lambda download: None,
    )
    write_acquisitions(workspace)


def _most_at_a_time(downloads: Sequence[Download], memory: int) -> int:
    """The number of simultaneous requests whose answers take a quarter of the memory (MB) at most."""
    values = max((len(d.bands) * d.window.height * d.window.width for d in downloads), default=1)
    return max(int(memory * 1e6 / 4 / (values * _BYTES_ON_THE_WAY)), 1)
