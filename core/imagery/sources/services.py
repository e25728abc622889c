"""What a person says about a service, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """Which collections of which service, and under whose name; None and () are the source's own defaults.

    `account` names a profile of sentinelhub-py's configuration file, which counts where the environment has no secret.
    """

    collections: tuple[str, ...] = ()
    url: str | None = None
    token_url: str | None = None
    account: str | None = None


@dataclass(frozen=True)
class Price:
    """What a service wants: how many requests, processing units, and bytes on the way."""

    requests: int = 0
    units: float = 0.0
    download_bytes: float = 0.0

    def __add__(self, other: Price) -> Price:
        return Price(
            self.requests + other.requests, self.units + other.units, self.download_bytes + other.download_bytes
        )


FREE = Price()
