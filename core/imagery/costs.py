"""Costs of fetching the missing scenes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..area.estimates import COMPRESSION, RAW_MB_PER_SECOND, SECONDS_PER_REQUEST
from ..progress import Progress
from ..store.paths import WorkspacePaths
from ..store.rasters import fingerprint_of
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .downloads import plan_downloads
from .requests import Request, join_downloads, parts_of
from .sources.protocols import PaidSource, Source, is_paid
from .sources.services import FREE, Limits, Price, Quota


@dataclass(frozen=True)
class Costs:
    """The price at a service, and megabytes on disk and minutes, both rough."""

    price: Price
    disk_mb: float
    minutes: float


def costs_of_fetching(
    workspace: Workspace,
    source: Source,
    *,
    connections: int,
    rate: float | None,
    budget: float | None,
    progress: Progress,
    paths: WorkspacePaths | None = None,
) -> Costs:
    """The costs of what is missing; reported too if it has to be paid. `rate` is in requests a minute.

    `paths` are those of the workspace that the scenes are fetched to, if it is another one.
    """
    paths = paths or workspace.paths
    missing = [download for download in plan_downloads(workspace, paths) if not download.is_current]
    raw_mb = sum(len(d.bands) * d.window.height * d.window.width for d in missing) * 2 / 1e6
    minutes = raw_mb / RAW_MB_PER_SECOND / 60
    price = FREE
    if is_paid(source):
        shown = [download for download in missing if download.shows_patch]
        requests = join_downloads(shown, source.traits.widest)
        price = sum((_price_of(request, source, paths) for request in requests), FREE)
        minutes += _waiting(price, source.limits, connections, rate)
        progress.info(
            f"To fetch: {counted(price.requests, 'request')}, {price.units:,.1f} processing units, "
            f"{price.download_bytes / 1e6:,.0f} MB, about {math.ceil(minutes)} min."
        )
        _compare(price, source, budget, progress)
    return Costs(price, round(raw_mb * COMPRESSION, 1), round(minutes, 2))


def _price_of(request: Request, source: PaidSource, paths: WorkspacePaths) -> Price:
    """The price of the parts of a request that are not kept from an earlier run."""
    parts = parts_of(request, paths, source.traits.widest)
    missing = [part for part, file in parts if len(parts) == 1 or fingerprint_of(file) != request.fingerprint]
    first = request.first
    return sum((source.price(first.acquisition, first.bands, part) for part in missing), FREE)


def _waiting(price: Price, limits: Limits | None, connections: int, rate: float | None) -> float:
    """The minutes that the requests take, at the rate of the user and of the service."""
    slowest = max(price.requests / rate if rate else 0.0, price.requests * SECONDS_PER_REQUEST / connections / 60)
    return max(slowest, max(price.requests, price.units) / limits.per_minute if limits else 0.0)


def _compare(price: Price, source: PaidSource, budget: float | None, progress: Progress) -> None:
    left, limits = source.quota(), source.limits
    for needed, available, noun in (
        (price.units, left.units, "processing unit"),
        (price.requests, left.requests, "request"),
    ):
        if available is not None:
            report = progress.warning if needed > available else progress.info
            report(f"The account has {counted(round(available), noun)} left.")
    if limits and left == Quota() and max(price.units, price.requests) > limits.per_month:
        progress.warning(
            f"A free account has {limits.per_month:,} processing units and {limits.per_month:,} requests a month. The "
            "run will stop when either is used up, and can continue next month. Larger patches (PATCH_SIZE) need fewer "
            "requests."
        )
    if budget is not None and price.units > budget:
        progress.warning(f"This exceeds BUDGET ({budget:,.0f}): the run will stop before, and can continue next month.")
