"""Addresses in a catalogue, written by strangers: only those on the web are used, never a path or an option of GDAL."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import Any
from urllib.parse import urljoin, urlsplit

from requests.utils import requote_uri

from ....errors import ServiceError
from ..services import public_address

_NOT_AN_ADDRESS = re.compile(r"^/vsi|^[<{\[]|^\w+:(?!//)|[\\\x00-\x1f\x7f]|\s")
_LONGEST_SHOWN = 120


def web_address(link: object, base: str, service: str) -> str:
    """The absolute address of a link, relative ones to `base`; ServiceError if it may not be requested.

    Allowed is https, and http if the service itself is asked by http. An address of this machine is allowed only if
    the service runs on this machine.
    """
    text = str(link).strip()
    try:
        address = urljoin(public_address(base), text)
        parts, asked = urlsplit(address), urlsplit(service)
        host, port = parts.hostname or "", parts.port
        of_service = asked.hostname or ""
    except ValueError:
        raise _refused(text, "it is not a valid address") from None
    if _NOT_AN_ADDRESS.search(text) or not host or parts.scheme not in ("https", "http"):
        raise _refused(text, "only addresses that start with https:// are read")
    if parts.scheme == "http" and asked.scheme != "http":
        raise _refused(text, "only addresses that start with https:// are read")
    if _is_this_machine(host) and not _is_this_machine(of_service):
        raise _refused(text, "it is an address of this computer")
    place = f"[{host}]" if ":" in host else host
    query = f"?{parts.query}" if parts.query else ""
    return requote_uri(f"{parts.scheme}://{place}{f':{port}' if port else ''}{parts.path}{query}")


def refuse_this_machine(address: str, service: str) -> None:
    """Raise ServiceError if the name of a host stands for this machine, unless the service runs on it."""
    host, of_service = (urlsplit(each).hostname or "" for each in (address, service))
    if host != of_service and _leads_here(host) and not _is_this_machine(of_service) and not _leads_here(of_service):
        raise _refused(address, "it is an address of this computer")


@lru_cache(maxsize=256)
def _leads_here(host: str) -> bool:
    """Whether one of the numbers of a host is of this machine; a name that is unknown here leads nowhere."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return any(_is_this_machine(str(place[0])) for *_, place in found)


def same_origin(one: str, other: str) -> bool:
    """Whether two addresses have the same scheme, host and port."""
    first, second = urlsplit(one), urlsplit(other)
    usual = {"https": 443, "http": 80}
    ports = [each.port or usual.get(each.scheme) for each in (first, second)]
    return (first.scheme, first.hostname) == (second.scheme, second.hostname) and ports[0] == ports[1]


def path_of(address: str) -> str:
    """The name under which GDAL reads a web address. In this form it holds no options."""
    return f"/vsicurl/{address}"


def link_of(value: Mapping[str, Any], relation: str) -> Mapping[str, Any] | None:
    """The first link of this relation of an item, a page or a landing page."""
    links = value.get("links") or ()
    return next((each for each in links if isinstance(each, Mapping) and each.get("rel") == relation), None)


def _is_this_machine(host: str) -> bool:
    """Whether a host is this machine or reachable from it alone, however its number is written."""
    if host.rstrip(".").lower() == "localhost" or host.rstrip(".").lower().endswith(".localhost"):
        return True
    try:
        number = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        try:
            number = ipaddress.ip_address(socket.inet_aton(host))
        except OSError:
            return False
    number = getattr(number, "ipv4_mapped", None) or number
    return number.is_loopback or number.is_link_local or number.is_unspecified


def _refused(link: str, why: str) -> ServiceError:
    shown = public_address(link)[:_LONGEST_SHOWN]
    return ServiceError(
        f"The catalogue gives {shown!r} as an address: {why}. Nothing was read. Choose another SERVICE_URL or "
        "COLLECTION, or report it to the provider of the catalogue."
    )
