"""Costs of fetching the missing scenes."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..area.estimates import COMPRESSION, RAW_MB_PER_SECOND, SECONDS_PER_REQUEST
from ..progress import Progress
from ..store.workspace import Workspace
from ..vocabulary.plurals import counted
from .downloads import plan_downloads
from .requests import join_downloads
from .sources.protocols import PaidSource, Source, is_paid
from .sources.services import FREE, Price


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
) -> Costs:
    """The costs of what is missing; reported too if it has to be paid. `rate` is in requests a minute."""
    missing = [download for download in plan_downloads(workspace) if not download.is_current]
    raw_mb = sum(len(d.bands) * d.window.height * d.window.width for d in missing) * 2 / 1e6
    minutes = raw_mb / RAW_MB_PER_SECOND / 60
    price = FREE
    if is_paid(source):
        requests = join_downloads((download for download in missing if download.shows_patch), source.traits.widest)
        price = sum((source.price(r.first.acquisition, r.first.bands, r.window) for r in requests), FREE)
        seconds = price.requests * SECONDS_PER_REQUEST / connections
        minutes += max(seconds, price.requests / (rate or math.inf) * 60) / 60
        progress.info(
            f"To fetch: {counted(price.requests, 'request')}, {price.units:,.1f} processing units, "
            f"{price.download_bytes / 1e6:,.0f} MB, about {math.ceil(minutes)} min."
        )
        _compare(price.units, source, budget, progress)
    return Costs(price, round(raw_mb * COMPRESSION, 1), round(minutes, 2))


def _compare(units: float, source: PaidSource, budget: float | None, progress: Progress) -> None:
    left = source.quota()
    if left is not None:
        report = progress.warning if units > left else progress.info
        report(f"The account has {counted(round(left), 'processing unit')} left.")
    if budget is not None and units > budget:
        progress.warning(f"This exceeds BUDGET ({budget:,.0f}): the run will stop before, and can continue next month.")
