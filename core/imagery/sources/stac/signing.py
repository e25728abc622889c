"""Tokens for images in storage that is not public. They are held in memory until they end, and stored nowhere."""

from __future__ import annotations

import ipaddress
import threading
from datetime import datetime, timedelta, timezone
from functools import cache
from urllib.parse import urlsplit

from ....errors import ServiceError
from .api import Api

_AZURE = ".blob.core.windows.net"
_SLACK = timedelta(minutes=2)
_USUAL_LIFE = timedelta(minutes=30)


class Signer:
    """Adds the token of its storage account and container to the address of an image."""

    def __init__(self, tokens: str) -> None:
        self._api = Api(tokens)
        self._lock = threading.Lock()
        self._held: dict[tuple[str, str], tuple[str, datetime]] = {}

    def signed(self, address: str) -> str:
        """The address with a token; addresses elsewhere, and those that have a query, are unchanged.

        Raises ServiceError if the service gives no token.
        """
        place = _place_of(address)
        if place is None or urlsplit(address).query:
            return address
        with self._lock:  # so that many threads ask for one token only
            token, ends = self._held.get(place, ("", datetime.now(timezone.utc)))
            if ends - _SLACK <= datetime.now(timezone.utc):
                token, ends = self._held[place] = self._ask(place)
        return f"{address}?{token}"

    def forget(self, address: str) -> None:
        """Ask for a new token for the next address there: the storage does not accept this one."""
        place = _place_of(address)
        with self._lock:
            if place is not None and self._held.get(place, ("",))[0] == urlsplit(address).query:
                del self._held[place]

    def _ask(self, place: tuple[str, str]) -> tuple[str, datetime]:
        answer = self._api.ask("GET", f"{self._api.public}/{place[0]}/{place[1]}")
        token = str(answer.get("token") or "")
        if not token:
            raise ServiceError(f"{self._api.public} gives no token for {place[0]}/{place[1]}. Run again later.")
        try:
            ends = datetime.fromisoformat(str(answer["msft:expiry"]).replace("Z", "+00:00"))
        except (KeyError, ValueError):
            ends = datetime.now(timezone.utc) + _USUAL_LIFE
        return token.lstrip("?"), ends if ends.tzinfo else ends.replace(tzinfo=timezone.utc)


@cache
def signer_of(tokens: str) -> Signer | None:
    """The signer with the tokens of this address, the same one for all threads; None without an address."""
    return Signer(tokens) if tokens else None


def _place_of(address: str) -> tuple[str, str] | None:
    """Account and container of an address in Azure's storage; its emulator has the account in the path."""
    parts = urlsplit(address)
    host, path = parts.hostname or "", parts.path.strip("/").split("/")
    if host.endswith(_AZURE) and len(path) > 1:
        return host.removesuffix(_AZURE), path[0]
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return None
    return (path[0], path[1]) if len(path) > 2 else None
