"""Failures of requests: which are worth another attempt, and what the user can do about the others."""

from __future__ import annotations

import json
from http import HTTPStatus
from urllib.parse import urlsplit

import requests

from ....errors import DataError, ParameterError, PatchworkError, ServiceError
from ..services import public_address

# With waits that grow from half a second to a minute: about five minutes if the connection is lost, one if the server
# fails, and a few seconds for what has never worked.
ATTEMPTS_OFFLINE, ATTEMPTS_BROKEN, ATTEMPTS_AT_FIRST = 12, 8, 4
# Pauses at the rate limit with no request accepted in between: about seven minutes. Limits count per minute, so a
# quota is used up.
PAUSES = 15
_USUAL_PAUSE_SECONDS = 5.0


class TemporaryError(Exception):
    """A failure that another attempt may overcome; `attempts` is the number of attempts it is worth."""

    def __init__(self, reason: str, attempts: int) -> None:
        super().__init__(reason, attempts)
        self.reason = reason
        self.attempts = attempts


class RateLimitError(Exception):
    """The rate limit is reached (429); `seconds` is the time to wait."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def host_of(url: str | None) -> str:
    """The host of an address, or the text itself if it has none."""
    shown = public_address(url or "")
    return urlsplit(shown).netloc or shown


def without_answer(error: requests.RequestException, url: str | None) -> TemporaryError | PatchworkError:
    """The error to raise for a request to which no whole answer came."""
    if isinstance(error, requests.exceptions.SSLError):
        return ServiceError(
            f"The certificate of {host_of(url)} is not trusted. If a proxy or your own service uses its own "
            "certificate, set REQUESTS_CA_BUNDLE to the file of its certificate authority."
        )
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        return ParameterError(f"Service (SERVICE_URL): {public_address(url or '')} is not a valid address.")
    if isinstance(error, requests.exceptions.ProxyError):
        return TemporaryError("the proxy (HTTPS_PROXY) refuses the connection", ATTEMPTS_OFFLINE)
    reason = "no answer in time" if isinstance(error, requests.Timeout) else "no connection, or the connection was lost"
    return TemporaryError(reason, ATTEMPTS_OFFLINE)


def was_never_sent(error: requests.RequestException) -> bool:
    """Whether no connection was made, so that the request cost nothing."""
    never = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
    return isinstance(error, never) or "NewConnectionError" in repr(error)


def refusal(
    status: int, code: str, message: str, retry_after: str | None
) -> TemporaryError | RateLimitError | PatchworkError:
    """The error to raise for an answer with a status other than 200."""
    if status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitError(seconds_to_wait(retry_after))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR or "non-empty" in message:
        return TemporaryError(f"the service fails ({status}: {message})", ATTEMPTS_BROKEN)
    if status == HTTPStatus.UNAUTHORIZED:
        return TemporaryError("the service does not accept the token", ATTEMPTS_AT_FIRST)
    if code.startswith("RENDERER"):
        return DataError(f"The service cannot deliver this image ({message}).")
    message = message.rstrip(".")
    if "INSUFFICIENT_PROCESSING_UNITS" in code:
        return quota_used_up(message)
    return ServiceError(_advice(status, code, message))


def read_error(content: bytes) -> tuple[str, str]:
    """Code and message in the body of an error, empty where it has none."""
    try:
        body = json.loads(content)
        error = body.get("error", body)
        if isinstance(error, dict):
            return str(error.get("code", "")), str(error.get("message", "")).strip()
        return str(error), str(body.get("error_description") or body.get("message") or error)
    except (ValueError, AttributeError):
        return "", content[:200].decode("utf-8", "replace").strip()


def quota_used_up(reason: str) -> ServiceError:
    """The error to raise if the account has no processing units or requests left."""
    return ServiceError(
        f"The account's quota is used up ({reason}). Run again when it is renewed at the start of the month, or "
        "use another account. Downloaded images are kept and not requested again."
    )


def _advice(status: int, code: str, message: str) -> str:
    if status == HTTPStatus.FORBIDDEN:
        return f"The account has no access ({message}). Check COLLECTION and the rights of the account."
    if status == HTTPStatus.NOT_FOUND:
        return f"The service has no such address ({message or status}). Check SERVICE_URL."
    return f"The service refuses the request ({status}: {message}). Check COLLECTION, SERVICE_URL and BANDS."


def seconds_to_wait(header: str | None) -> float:
    """Retry-After, which the documentation gives in milliseconds; 5 s if it is missing or not a number.

    A service that means seconds is asked too early once; after that the waits grow.
    """
    try:
        return float(header) / 1000.0 if header else _USUAL_PAUSE_SECONDS
    except ValueError:
        return _USUAL_PAUSE_SECONDS
