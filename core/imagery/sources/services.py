"""Which service or which files are used, what it costs, and its address without secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass

_ADDRESS = re.compile(r"\w+://[^\s'\"<>]+")


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


def public_address(address: str) -> str:
    """An address without what may be secret: user name, password, query and fragment.

    Messages and files contain addresses in this form only.
    """
    scheme, slashes, rest = address.partition("://") if "://" in address else ("", "", address)
    host, slash, path = rest.rpartition("@")[2].partition("/")
    host, separator, _ = re.sub(r"[?#]", "\n", host).partition("\n")
    path = "" if separator else re.split(r"[?#]", slash + path)[0]
    return scheme + slashes + re.sub(r":(?!\d*$).*", "", host) + path


def public_text(text: str) -> str:
    """A message with each address in it as `public_address` gives it."""
    return _ADDRESS.sub(lambda found: public_address(found[0]), text)
