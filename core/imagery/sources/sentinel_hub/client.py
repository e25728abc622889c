"""Requests to the service: retried, paused at the rate limit and recorded in the ledger."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any

import requests
from sentinelhub import DownloadRequest, SentinelHubDownloadClient, SHConfig
from sentinelhub.constants import RequestType
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from ....errors import DataError, PatchworkError, ServiceError
from ....vocabulary.plurals import counted
from ..ledger import Bill, Ledger
from ..retries import growing_wait
from ..services import Quota
from . import failures
from .account import Account
from .connections import Answer, Connections
from .failures import RateLimitError, TemporaryError
from .prices import price_of_search

_FIRST_WAIT = 0.5
_LONGEST_PAUSE = 3600.0


@dataclass(frozen=True)
class Order:
    """A request with its description, its expected price in processing units, and a check of its answer.

    The check raises ValueError if the answer is not what was requested.
    """

    request: DownloadRequest
    what: str = ""
    units: float = 0.0
    check: Callable[[Answer], object] = lambda answer: None


class Client(SentinelHubDownloadClient):
    """Signs in, sends requests and repeats them; used from many threads. Payments are recorded in the ledger.

    Raises ServiceError if another attempt is of no use (wrong secret, quota used up, no network), and DataError if the
    service cannot deliver what one request asks for.
    """

    def __init__(self, config: SHConfig, ledger: Ledger | None) -> None:
        super().__init__(config=config)
        self._ledger = ledger
        self._account = Account(config)
        self._connections = Connections()
        self._has_answered = False
        self._pause_lock = threading.Lock()
        self._resume_at = 0.0
        self._pauses = 0

    def order(self, order: Order) -> Answer:
        """The answer to a request, checked."""
        attempts = Retrying(
            retry=retry_if_exception_type(TemporaryError),
            stop=self._is_enough,
            wait=growing_wait(_FIRST_WAIT),
            reraise=True,
        )
        try:
            return attempts(self._order_within_limit, order)
        except TemporaryError as error:
            raise self._given_up(order.request.url, error, attempts.statistics["attempt_number"]) from None

    def get_json(
        self,
        url: str,
        post_values: dict[str, Any] | None = None,
        headers: dict[str, Any] | None = None,
        request_type: RequestType | None = None,
        **kwargs: Any,
    ) -> Any:
        """The content of a JSON answer; the catalogue of sentinelhub-py sends its requests through this method."""
        method = request_type or (RequestType.GET if post_values is None else RequestType.POST)
        request = DownloadRequest(
            url=url, headers=headers or {}, request_type=method, post_values=post_values, **kwargs
        )
        order = Order(request, check=lambda answer: json.loads(answer.content))
        if post_values and "collections" in post_values:
            order = replace(order, what=_name_of_search(post_values), units=_units_of_search(post_values))
        return json.loads(self.order(order).content)

    def quota(self) -> Quota:
        """What is left in the longest period of the contract.

        The address is not documented, and not every deployment has it.
        """
        try:
            address = f"{self.config.sh_base_url}/aux/ratelimit/statistics/tokenCounts/{self._account.user()}"
            counts = self.get_json(address, use_session=True)["data"]
            return Quota(*(_left(counts, name) for name in ("PROCESSING_UNITS", "REQUESTS")))
        except (PatchworkError, TemporaryError, RateLimitError, LookupError, TypeError, ValueError):
            return Quota()

    def sign_in(self) -> None:
        """Get a token; ServiceError if the service refuses."""
        try:
            self._account.headers()
        except TemporaryError as error:
            raise self._given_up(self.config.sh_token_url, error, 1) from None
        except RateLimitError as error:
            raise ServiceError(
                f"{failures.host_of(self.config.sh_token_url)} accepts no more sign-ins for now (429). Try again in "
                f"{counted(math.ceil(error.seconds), 'second')}."
            ) from None

    def _order_within_limit(self, order: Order) -> Answer:
        """The answer to one attempt, which is repeated for as long as the rate limit is reached."""
        attempts = Retrying(
            retry=retry_if_exception_type(RateLimitError), before=self._wait_for_pause, after=self._start_pause
        )
        return attempts(self._attempt, order)

    def _attempt(self, order: Order) -> Answer:
        request = order.request
        headers = {**request.headers, **(self._account.headers() if request.use_session else {})}
        if self._ledger is None or order.units == 0.0:
            return self._ask(order, headers, Bill(order.what, 0.0))
        with self._ledger.paying(order.what, order.units) as bill:
            return self._ask(order, headers, bill)

    def _ask(self, order: Order, headers: dict[str, str], bill: Bill) -> Answer:
        try:
            answer = self._connections.send(order.request, headers)
        except requests.RequestException as error:
            bill.status = "lost"
            if failures.was_never_sent(error):
                bill.status, bill.units = "not sent", 0.0
            raise failures.without_answer(error, order.request.url) from None
        bill.status, bill.bytes = str(answer.status), len(answer.content)
        if answer.status != HTTPStatus.OK:
            bill.units = 0.0
            if answer.status == HTTPStatus.UNAUTHORIZED:
                self._account.drop(headers)
            code, message = failures.read_error(answer.content)
            message = self._account.without_secrets(message)
            raise failures.refusal(answer.status, code, message, answer.headers.get("Retry-After"))
        bill.units = float(answer.headers.get("x-processingunits-spent", bill.units))
        try:
            order.check(answer)
        except ValueError as error:
            raise TemporaryError(f"its answer cannot be used ({error})", failures.ATTEMPTS_BROKEN) from None
        self._has_answered = True
        self._pauses = 0
        return answer

    def _is_enough(self, state: RetryCallState) -> bool:
        error = state.outcome.exception() if state.outcome else None
        worth = error.attempts if isinstance(error, TemporaryError) else 1
        return state.attempt_number >= (worth if self._has_answered else min(worth, failures.ATTEMPTS_AT_FIRST))

    def _wait_for_pause(self, state: RetryCallState) -> None:
        time.sleep(max(self._resume_at - time.monotonic(), 0.0))

    def _start_pause(self, state: RetryCallState) -> None:
        """No thread sends a request until the service is ready; after repeated refusals, longer than it says.

        Raises ServiceError if the service has accepted no request after many pauses.
        """
        error = state.outcome.exception() if state.outcome else None
        seconds = error.seconds if isinstance(error, RateLimitError) else 0.0
        if seconds > _LONGEST_PAUSE:
            raise ServiceError(
                f"The service accepts no requests for the next {seconds / 3600:.0f} hours (429). Run again later; "
                "downloaded images are kept."
            )
        longer = growing_wait(_FIRST_WAIT / 2)(state) if state.attempt_number > 1 else 0.0
        now = time.monotonic()
        with self._pause_lock:
            self._pauses += now >= self._resume_at  # requests that were sent together are refused together
            pauses = self._pauses
            self._resume_at = max(self._resume_at, now + max(seconds, longer))
        if pauses > failures.PAUSES:
            raise failures.quota_used_up(f"the service refuses every request (429), also after {pauses - 1} pauses")

    def _given_up(self, url: str | None, error: TemporaryError, attempts: int) -> PatchworkError:
        text = f"{failures.host_of(url)}: {error.reason}, in {counted(attempts, 'attempt')}."
        text = self._account.without_secrets(text)
        if error.attempts == failures.ATTEMPTS_BROKEN:
            return DataError(text)
        return ServiceError(f"{text} Check the network and the account, then run again; downloaded images are kept.")


def _name_of_search(search: Mapping[str, Any]) -> str:
    return f"search {'+'.join(search['collections'])} {search['datetime']}"


def _units_of_search(search: Mapping[str, Any]) -> float:
    start, end = (datetime.fromisoformat(time.replace("Z", "+00:00")) for time in search["datetime"].split("/"))
    return price_of_search(search["bbox"], start, end).units


def _left(counts: Mapping[str, Any], name: str) -> float | None:
    periods = counts.get(name) or {}
    return float(periods[max(periods, key=_hours)]) if periods else None


def _hours(period: str) -> float:
    """The length of a period such as PT744H, PT1M."""
    unit = {"H": 1.0, "M": 1 / 60, "S": 1 / 3600}
    return float(period[2:-1]) * unit.get(period[-1:], 0.0)
