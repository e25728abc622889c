"""The client of sentinelhub-py, made robust enough to be left alone for a night."""

from __future__ import annotations

import json
import random
import threading
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import OAuth2Error
from sentinelhub import SentinelHubDownloadClient, SentinelHubSession, SHConfig
from sentinelhub.download.models import DownloadRequest, DownloadResponse
from sentinelhub.exceptions import DownloadFailedException

from ....errors import DataError, ParameterError, PatchworkError, ServiceError
from ..ledger import Bill, Ledger

# Waits between attempts grow from the first to the longest, each ± 50 %: about five minutes for a connection that is
# lost on the way, one for a server's fault, and a few seconds where there never was a connection.
_FIRST_WAIT, _LONGEST_WAIT = 0.5, 60.0
_ATTEMPTS_OFFLINE, _ATTEMPTS_BROKEN, _ATTEMPTS_AT_FIRST = 12, 8, 4
_CONNECT_SECONDS, _SILENCE_SECONDS, _ANSWER_SECONDS = 15, 120, 300
_LONGEST_PAUSE = 3600.0


@dataclass(frozen=True)
class Order:
    """One request with what it is, the units it is expected to take, and the check that its answer must pass.

    The check raises ValueError for an answer that is not what was asked for.
    """

    request: DownloadRequest
    what: str = ""
    units: float = 0.0
    check: Callable[[DownloadResponse], object] = lambda response: None


class _TemporaryError(Exception):
    """Something that may be better the next time; `attempts` is how often it is worth trying."""

    def __init__(self, reason: str, attempts: int) -> None:
        super().__init__(reason, attempts)
        self.reason = reason
        self.attempts = attempts


class Client(SentinelHubDownloadClient):
    """Signs in, asks, waits and asks again; used from many threads. What is paid is put down in the ledger.

    Raises ServiceError where asking again is of no use (a wrong secret, a used-up quota, no network), and DataError
    where the service cannot give what one request asks for.
    """

    def __init__(self, config: SHConfig, ledger: Ledger | None) -> None:
        super().__init__(config=config)
        self._mutex = threading.Lock()
        self._ledger = ledger
        self._has_answered = False
        self._resume_at = 0.0
        self._connections = threading.local()

    def order(self, order: Order) -> DownloadResponse:
        """The answer to a request, checked."""
        attempt, refusals = 0, 0
        while True:
            self._wait_for_service()
            try:
                response = self._attempt(order)
                self._has_answered = True
                return response
            except _RefusedForNowError as refusal:
                refusals += 1
                self._pause(refusal.seconds, refusals)
            except _TemporaryError as error:
                attempt += 1
                most = error.attempts if self._has_answered else min(error.attempts, _ATTEMPTS_AT_FIRST)
                if attempt >= most:
                    raise self._given_up(order, error, attempt) from None
                time.sleep(_jittered(_FIRST_WAIT * 2 ** (attempt - 1)))

    def units_left(self) -> float | None:
        """The processing units left of the longest period of the contract; None where the service does not tell."""
        try:
            token = self._session_now().token["access_token"].split(".")[1]
            user = json.loads(urlsafe_b64decode(token + "=" * (-len(token) % 4)))["sub"]
            address = f"{self.config.sh_base_url}/aux/ratelimit/statistics/tokenCounts/{user}"
            counts = self.get_json_dict(address, use_session=True)["data"]["PROCESSING_UNITS"]
            return float(counts[max(counts, key=_hours)])
        except (DataError, ServiceError, _TemporaryError, LookupError, TypeError, ValueError):
            return None

    def sign_in(self) -> None:
        """Have a token; ServiceError where the service does not give one."""
        try:
            with self._mutex:
                self._session_now()
        except _TemporaryError as error:
            raise self._given_up(Order(DownloadRequest(url=self.config.sh_token_url)), error, 1) from None

    # How sentinelhub-py's own parts, the catalogue among them, come by their answers

    def _execute_download(self, request: DownloadRequest) -> DownloadResponse:
        return self.order(Order(request, check=lambda response: response.decode()))

    def get_session(self) -> SentinelHubSession:
        return self._session_now()

    # One attempt

    def _attempt(self, order: Order) -> DownloadResponse:
        request = order.request
        with self._mutex:
            headers = {**request.headers, **(self._session_now().session_headers if request.use_session else {})}
        if self._ledger is None or order.units == 0.0:
            return self._ask(order, headers, Bill(order.what, 0.0))
        with self._ledger.paying(order.what, order.units) as bill:
            return self._ask(order, headers, bill)

    def _ask(self, order: Order, headers: dict[str, str], bill: Bill) -> DownloadResponse:
        request = order.request
        status, answer, content = self._send(request, headers, bill)
        bill.status, bill.bytes = str(status), len(content)
        if status != HTTPStatus.OK:
            bill.units = 0.0
            self._refuse(status, answer, content, headers)
        bill.units = float(answer.get("x-processingunits-spent", bill.units))
        response = DownloadResponse(request=request, content=content, headers=dict(answer))
        try:
            order.check(response)
        except ValueError as error:
            raise _TemporaryError(f"its answer cannot be used ({error})", _ATTEMPTS_BROKEN) from None
        return response

    def _send(
        self, request: DownloadRequest, headers: dict[str, str], bill: Bill
    ) -> tuple[int, requests.structures.CaseInsensitiveDict[str], bytes]:
        """Status, headers and body, however the body comes, within a time; _TemporaryError or ServiceError."""
        try:
            with self._connection().request(
                request.request_type.value,
                request.url or "",
                json=request.post_values,
                headers=headers,
                timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
                stream=True,
            ) as response:
                ends = time.monotonic() + _ANSWER_SECONDS
                chunks = []
                for chunk in response.iter_content(1 << 18):
                    chunks.append(chunk)
                    if time.monotonic() > ends:
                        raise requests.Timeout(f"the answer took more than {_ANSWER_SECONDS} s")
                return response.status_code, response.headers, b"".join(chunks)
        except requests.RequestException as error:
            bill.status = "lost"
            if _was_never_sent(error):
                bill.status, bill.units = "not sent", 0.0
            raise _as_ours(error, request.url) from None

    def _refuse(self, status: int, headers: Any, content: bytes, sent: dict[str, str]) -> None:
        """Raise what a status other than 200 means."""
        code, message = _read_error(content)
        if status == HTTPStatus.TOO_MANY_REQUESTS:
            raise _RefusedForNowError(_seconds_to_wait(headers.get("Retry-After")))
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or "non-empty" in message:
            raise _TemporaryError(f"the service fails ({status}: {message})", _ATTEMPTS_BROKEN)
        if status == HTTPStatus.UNAUTHORIZED:
            with self._mutex:
                spoilt = self.session and self.session.session_headers["Authorization"] == sent.get("Authorization")
                self.session = None if spoilt else self.session
            raise _TemporaryError("the service does not accept the token", _ATTEMPTS_AT_FIRST)
        if code.startswith("RENDERER"):
            raise DataError(self._cleaned(f"The service cannot give it ({message})."))
        raise ServiceError(self._cleaned(_what_to_do(status, code, message)))

    def _connection(self) -> requests.Session:
        """One for each thread, kept open between requests."""
        if not hasattr(self._connections, "session"):
            self._connections.session = requests.Session()
        session: requests.Session = self._connections.session
        return session

    # Signing in

    def _session_now(self) -> SentinelHubSession:
        """The session with a token that is good for two more minutes; called with the mutex held."""
        try:
            if self.session is None:
                self.session = SentinelHubSession(config=self.config)
            self.session.token  # noqa: B018  renewed here
        except OAuth2Error as error:
            raise ServiceError(
                self._cleaned(
                    f"The service does not accept the account ({error.error}). Check client id and secret, whether the "
                    f"OAuth client has expired, and that it belongs to {_host(self.config.sh_token_url)}."
                )
            ) from None
        except DownloadFailedException as error:
            raise self._sign_in_failed(error.request_exception) from None
        except requests.RequestException as error:
            raise self._sign_in_failed(error) from None
        except (ValueError, KeyError):
            raise ServiceError(
                f"{_host(self.config.sh_token_url)} does not answer as a sign-in service does. Check TOKEN_URL."
            ) from None
        return self.session

    def _sign_in_failed(self, error: Exception | None) -> Exception:
        response = getattr(error, "response", None)
        if response is None and isinstance(error, requests.RequestException):
            return _as_ours(error, self.config.sh_token_url)
        status = response.status_code if response is not None else 0
        if status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            return _TemporaryError(f"the sign-in service fails ({status})", _ATTEMPTS_BROKEN)
        return ServiceError(f"Signing in at {_host(self.config.sh_token_url)} failed ({status}). Check TOKEN_URL.")

    # Waiting

    def _wait_for_service(self) -> None:
        time.sleep(max(self._resume_at - time.monotonic(), 0.0))

    def _pause(self, seconds: float, refusals: int) -> None:
        """Nobody asks until the service is ready; longer than it says where that was not enough."""
        longer = _jittered(_FIRST_WAIT * 2 ** (refusals - 2)) if refusals > 1 else 0.0
        if seconds > _LONGEST_PAUSE:
            raise ServiceError(
                f"The service allows nothing more for {seconds / 3600:.0f} hours (429). Run again then; what is "
                "fetched is kept."
            )
        with self._mutex:
            self._resume_at = max(self._resume_at, time.monotonic() + max(seconds, longer))

    def _given_up(self, order: Order, error: _TemporaryError, attempts: int) -> PatchworkError:
        host = _host(order.request.url)
        text = self._cleaned(f"{host}: {error.reason}, {attempts} times in a row.")
        if error.attempts == _ATTEMPTS_BROKEN:
            return DataError(text)
        return ServiceError(f"{text} Check the network and the account; run again to go on, what is fetched is kept.")

    def _cleaned(self, text: str) -> str:
        """The text without what is nobody's business."""
        secrets = [self.config.sh_client_secret, self.config.sh_client_id]
        for secret in filter(None, secrets):
            text = text.replace(secret, "…")
        return text


class _RefusedForNowError(Exception):
    """The rate limit is reached (429)."""

    def __init__(self, seconds: float) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def _as_ours(error: requests.RequestException, url: str | None) -> Exception:
    host = _host(url)
    if isinstance(error, requests.exceptions.SSLError):
        return ServiceError(
            f"The certificate of {host} is not trusted. Where a proxy or a service of your own has its own "
            "certificate, set REQUESTS_CA_BUNDLE to the file of its authority."
        )
    if isinstance(error, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema)):
        return ParameterError(f"Service (SERVICE_URL): {url} is not an address.")
    if isinstance(error, requests.exceptions.ProxyError):
        return _TemporaryError("the proxy (HTTPS_PROXY) does not let through", _ATTEMPTS_OFFLINE)
    reason = "no answer in time" if isinstance(error, requests.Timeout) else "no connection, or it was cut off"
    return _TemporaryError(reason, _ATTEMPTS_OFFLINE)


def _was_never_sent(error: requests.RequestException) -> bool:
    """Whether there was no connection in the first place, so that nothing can have been paid."""
    never = (requests.ConnectTimeout, requests.exceptions.SSLError, requests.exceptions.ProxyError)
    return isinstance(error, never) or "NewConnectionError" in repr(error)


def _read_error(content: bytes) -> tuple[str, str]:
    """Code and message of an error's body, as far as it has them."""
    try:
        body = json.loads(content)
        error = body.get("error", body)
        if isinstance(error, dict):
            return str(error.get("code", "")), str(error.get("message", "")).strip()
        return str(error), str(body.get("error_description") or body.get("message") or error)
    except (ValueError, AttributeError):
        return "", content[:200].decode("utf-8", "replace").strip()


def _what_to_do(status: int, code: str, message: str) -> str:
    told = message.rstrip(".")
    if "INSUFFICIENT_PROCESSING_UNITS" in code:
        return (
            f"The account's quota is used up ({told}). Run again when it is renewed, with the start of the month, or "
            "with another account: what is fetched is kept and not asked for again."
        )
    if status == HTTPStatus.FORBIDDEN:
        return f"The account may not use this ({told}). Check COLLECTION and the rights of the account."
    if status == HTTPStatus.NOT_FOUND:
        return f"There is no such address at the service ({told or status}). Check SERVICE_URL."
    return f"The service refuses the request ({status}: {told}). Check COLLECTION, SERVICE_URL and BANDS."


def _seconds_to_wait(header: str | None) -> float:
    """Retry-After, which the documentation gives in milliseconds; 5 s where there is none.

    Whoever means seconds is asked too early once, and then the waits grow by themselves.
    """
    try:
        return float(header or "5000") / 1000.0
    except ValueError:
        return 5.0


def _jittered(seconds: float) -> float:
    return min(seconds, _LONGEST_WAIT) * random.uniform(0.5, 1.5)  # nosec B311


def _hours(period: str) -> float:
    """The length of a period such as PT744H, PT1M."""
    unit = {"H": 1.0, "M": 1 / 60, "S": 1 / 3600}
    return float(period[2:-1]) * unit.get(period[-1:], 0.0)


def _host(url: str | None) -> str:
    return urlsplit(url or "").netloc or str(url)
