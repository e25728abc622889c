"""Which service or which files are used, and what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Service:
    """Choices of the user about a source, besides its folder; None and () are the defaults of the source.

    These are collections and addresses of a service, and the account, a profile of sentinelhub-py's configuration file
    that is used if the environment has no secret; for files, the names of their bands in order.
    """

    collections: tuple[str, ...] = ()
    url: str | None = None
    token_url: str | None = None
    account: str | None = None
    band_names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Price:
    """The price of downloads: number of requests, processing units, and bytes."""

    requests: int = 0
    units: float = 0.0
    download_bytes: float = 0.0

    def __add__(self, other: Price) -> Price:
        return Price(
            self.requests + other.requests, self.units + other.units, self.download_bytes + other.download_bytes
        )


@dataclass(frozen=True)
class Quota:
    """The processing units and requests that an account has left; None if the service does not report them."""

    units: float | None = None
    requests: float | None = None


@dataclass(frozen=True)
class Limits:
    """The number of processing units, and likewise of requests, that an account may use in a month and in a minute."""

    per_month: int
    per_minute: int


FREE = Price()
