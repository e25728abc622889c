"""Requests to a STAC API: repeated while its faults may pass, and never sent where the catalogue should not send us."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import requests

from ....errors import ServiceError
from ....vocabulary.plurals import counted
from ..retries import PassingFaultError, patient_attempts, seconds_to_wait
from ..services import public_address, public_text
from .addresses import refuse_this_machine, same_origin, web_address

FIRST_WAIT = 1.0
_ATTEMPTS = 4
_LONGEST_SECONDS = 600.0
_TIMEOUT = (15, 120)
_REDIRECTS = 5
_LARGEST_BYTES = 100_000_000


@dataclass(frozen=True)
class Reply:
    """Status, Retry-After in seconds, and content of an answer."""

    status: int
    seconds: float = 0.0
    content: bytes = b""


@dataclass(frozen=True)
class Api:
    """A STAC API. User name, password and query of its address are sent to it alone, and shown nowhere."""

    url: str

    @property
    def public(self) -> str:
        """The address without secrets."""
        return public_address(self.url).rstrip("/")

    @property
    def host(self) -> str:
        """The host, for messages."""
        return urlsplit(self.public).netloc

    def ask(self, method: str, address: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The JSON object that answers a request; passing faults are waited for.

        Raises ServiceError if the service refuses, fails for long, or answers anything else.
        """
        attempts = patient_attempts(FIRST_WAIT, _ATTEMPTS, _LONGEST_SECONDS)
        try:
            found = json.loads(attempts(self._attempt, method, address, body).content)
        except PassingFaultError as error:
            times = attempts.statistics["attempt_number"]
            pause = f" and asks to wait {error.seconds:,.0f} s" if error.seconds else ""
            raise ServiceError(
                f"{public_address(address)}: {error.reason}{pause}, after {counted(times, 'attempt')}. Check the "
                "network and SERVICE_URL, or run again later; downloaded images are kept."
            ) from None
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise ServiceError(
                f"{public_address(address)} does not answer like a STAC API: its answer is not a JSON object. "
                "Check SERVICE_URL."
            )
        return found

    def send(
        self, method: str, address: str, body: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
    ) -> Reply:
        """One answer, whatever its status; redirections are followed where links may lead.

        Raises PassingFaultError if no answer comes.
        """
        with self._answer(method, address, body, headers) as (final, answer):
            seconds = seconds_to_wait(answer.headers.get("Retry-After"))
            return Reply(answer.status_code, seconds, _content(answer, final))

    def final_address(self, address: str) -> str:
        """The address of an image after redirections, which may lead where links may; raises as `send` does."""
        with self._answer("GET", address, None, {"Range": "bytes=0-0"}) as (final, _):
            return final

    @contextmanager
    def _answer(
        self, method: str, address: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> Iterator[tuple[str, requests.Response]]:
        """The address after redirections and its answer, not read yet."""
        try:
            for _ in range(_REDIRECTS):
                refuse_this_machine(address, self.url)
                with self._request(method, address, body, headers) as answer:
                    target = answer.headers.get("Location")
                    if not (answer.is_redirect and target):
                        yield address, answer
                        return
                    address = web_address(target, address, self.url)
                    if answer.status_code in (HTTPStatus.MOVED_PERMANENTLY, HTTPStatus.FOUND, HTTPStatus.SEE_OTHER):
                        method, body = "GET", None
        except requests.exceptions.SSLError:
            raise ServiceError(
                f"The certificate of {urlsplit(address).hostname} is not trusted. If a proxy or your own service uses "
                "its own certificate, set REQUESTS_CA_BUNDLE to the file of its certificate authority."
            ) from None
        except requests.Timeout:
            raise PassingFaultError("no answer in time") from None
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, UnicodeError):
            raise ServiceError(f"Service (SERVICE_URL): {public_address(address)} is not a valid address.") from None
        except requests.RequestException as error:
            raise PassingFaultError(f"does not answer ({type(error).__name__})") from None
        raise ServiceError(f"{public_address(address)} redirects more than {_REDIRECTS} times. Check SERVICE_URL.")

    def _attempt(self, method: str, address: str, body: Mapping[str, Any] | None) -> Reply:
        reply = self.send(method, address, body)
        if reply.status < HTTPStatus.BAD_REQUEST:
            return reply
        if may_pass(reply.status):
            raise PassingFaultError(f"the service answers {status_text(reply.status)}", reply.seconds)
        raise refused(address, reply)

    def _request(
        self, method: str, address: str, body: Mapping[str, Any] | None, headers: Mapping[str, str] | None
    ) -> requests.Response:
        own = urlsplit(self.url)
        is_own = same_origin(address, self.url)
        return requests.request(
            method,
            address,
            json=body,
            headers={"Accept": "application/geo+json, application/json, */*", **(headers or {})},
            params=parse_qsl(own.query) if is_own else None,
            auth=(unquote(own.username), unquote(own.password or "")) if is_own and own.username else None,
            timeout=_TIMEOUT,
            allow_redirects=False,
            stream=True,
        )


def may_pass(status: int) -> bool:
    """Whether an answer of this status may be another one later."""
    return status in (HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS) or status >= 500


def status_text(status: int) -> str:
    """A status with its usual name, such as 503 Service Unavailable."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


class RefusedError(ServiceError):
    """The service refuses a request; `status` is that of its answer."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message, status)
        self.status = status

    def __str__(self) -> str:
        return str(self.args[0])


def refused(address: str, reply: Reply) -> RefusedError:
    """The error for a request that is answered by a lasting status."""
    said = public_text(" ".join(reply.content[:200].decode("utf-8", "replace").split()))
    advice = "Check SERVICE_URL and COLLECTION."
    if reply.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        advice = "The service needs an account or a key, or has blocked this computer. Check SERVICE_URL."
    text = f"{public_address(address)} refuses the request ({status_text(reply.status)}{': ' * bool(said)}{said}). "
    return RefusedError(text + advice, reply.status)


def _content(answer: requests.Response, address: str) -> bytes:
    chunks, total = [], 0
    for chunk in answer.iter_content(1 << 18):
        chunks.append(chunk)
        total += len(chunk)
        if total > _LARGEST_BYTES:
            raise ServiceError(f"{public_address(address)} answers with more than {_LARGEST_BYTES / 1e6:.0f} MB.")
    return b"".join(chunks)
