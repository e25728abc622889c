"""Sentinel Hub's protocol on the loopback address: sign-in, Catalog API, Process API and account, over TLS.

It fails on demand, and counts requests and payments.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from .authority import write_certificates
from .catalogue import price, search
from .collections import RefusedError, bad
from .ground import Product, products
from .process import Order

USER = "4f1a7c9e-0d53-4f0b-9f0a-6c1f2b3d4e5f"
TOKEN_PATHS = ("/auth/realms/main/protocol/openid-connect/token", "/oauth/token")
FAULTS = ("429", "503", "500", "reset", "cut", "slow", "expired")


class Hub:
    """A server; every setting can be changed while it runs.

    `fault_share` of the requests fail with one of `faults`, by the seed; `fail_at` names the fault of the n-th Process
    request (from 1), "bare 429" being one without Retry-After. `quota` and `request_quota` are the numbers of units and
    requests left, `exhausted` the status when they are used up, `per_minute` the rate limit, `latency` the duration of
    an answer in seconds, `token_seconds` the lifetime of a token, `token_refusals` the number of sign-ins that are
    refused with 429 first. `reports_quota`: the account's address answers. `deployment` is one of sentinelhub, uswest2,
    cdse and own, an installation of Sentinel Hub that offers all at one address.
    """

    def __init__(
        self,
        scenes: list[Product] | None = None,
        *,
        folder: Path | None = None,
        seed: int = 0,
        deployment: str = "own",
    ) -> None:
        self._folder = tempfile.TemporaryDirectory() if folder is None else None
        self.authority, certificate = write_certificates(Path(folder or self._folder.name))
        self.products = products() if scenes is None else scenes
        self.client_id, self.client_secret = "client-of-the-tests", f"s3cr3t-{random.Random(seed).getrandbits(64):x}"
        self._deployment = deployment
        self.calm()
        self.requests: Counter[str] = Counter()
        self.paid: list[dict] = []
        self.searches_paid = 0.0
        self.log: list[str] = []
        self.most_at_a_time = 0
        self._busy = 0
        self._tokens: dict[str, float] = {}
        self._random = random.Random(seed)
        self._lock = threading.Lock()
        self._allowance, self._filled = 0.0, time.monotonic()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        handler = type("Handler", (_Handler,), {"hub": self, "context": context})
        self._server = _Server(("127.0.0.1", 0), handler)
        self.url = f"https://localhost:{self._server.server_port}"
        self.token_url = self.url + TOKEN_PATHS[0]

    def __enter__(self) -> Hub:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *reason: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def calm(self) -> None:
        """Set everything that can fail to what works."""
        self.deployment = self._deployment
        self.faults, self.fault_share, self.fail_at = FAULTS, 0.0, {}
        self.quota, self.request_quota, self.exhausted, self.reports_quota = 30_000.0, 30_000, 403, True
        self.per_minute, self.latency, self.token_seconds, self.token_refusals = None, 0.0, 600.0, 0

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of a client."""
        return {
            "SH_CLIENT_ID": self.client_id,
            "SH_CLIENT_SECRET": self.client_secret,
            "REQUESTS_CA_BUNDLE": str(self.authority),
        }

    @property
    def options(self) -> list[str]:
        """The command-line options of the engine."""
        return ["--source", "sentinelhub", "--service-url", self.url]

    @property
    def units_paid(self) -> float:
        """The sum of all payments for images, in units."""
        return sum(bill["units"] for bill in self.paid)

    def paid_twice(self) -> list[str]:
        """Requests paid more than once although an earlier answer had reached the client."""
        reached: set[str] = set()
        twice = []
        for bill in self.paid:
            if bill["key"] in reached:
                twice.append(bill["key"])
            if bill["reached"]:
                reached.add(bill["key"])
        return twice

    # Called by the handler

    def new_token(self) -> tuple[str, float]:
        """A token in the form of a JWT."""
        parts = [{"alg": "none"}, {"sub": USER, "exp": time.time() + self.token_seconds, "jti": self._random.random()}]
        coded = [base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=") for part in parts]
        token = ".".join([*coded, "c2lnbmF0dXJl"])
        self._tokens[token] = time.time() + self.token_seconds
        return token, self.token_seconds

    def is_valid(self, token: str) -> bool:
        """Whether a token is valid."""
        return self._tokens.get(token, 0.0) > time.time()

    def forget_tokens(self) -> None:
        """All clients must sign in again."""
        self._tokens.clear()

    def fault(self, kind: str) -> str | None:
        """The fault of this request, if any."""
        with self._lock:
            self.requests[kind] += 1
            planned = self.fail_at.get(self.requests[kind]) if kind == "process" else None
            if planned or not self.faults or self._random.random() >= self.fault_share:
                return planned
            return self._random.choice(self.faults)

    def seconds_too_early(self) -> float:
        """The time that the rate limit makes this request wait; 0 if it is accepted."""
        if self.per_minute is None:
            return 0.0
        with self._lock:
            now = time.monotonic()
            self._allowance = min(self._allowance + (now - self._filled) * self.per_minute / 60, self.per_minute / 60)
            self._filled = now
            if self._allowance >= 1.0:
                self._allowance -= 1.0
                return 0.0
            return (1.0 - self._allowance) * 60 / self.per_minute

    def _take(self, units: float) -> None:
        if units > self.quota or self.request_quota < 1:
            if self.exhausted != 403:
                raise RefusedError(self.exhausted, "RATE_LIMIT_EXCEEDED", "You have exceeded your rate limit")
            message = "Insufficient processing units or requests available in your account."
            raise RefusedError(403, "ACCESS_INSUFFICIENT_PROCESSING_UNITS", message)
        self.quota -= units
        self.request_quota -= 1

    def pay_search(self, units: float) -> None:
        """Record the payment of a search; RefusedError if the quota is used up."""
        with self._lock:
            self._take(units)
            self.searches_paid += units

    def pay(self, order: Order) -> dict:
        """Record a payment; RefusedError if the quota is used up."""
        with self._lock:
            self._take(order.units)
            bill = {
                "key": order.key,
                "units": order.units,
                "reached": False,
                "bytes": 0,
                "collection": order.collection,
            }
            self.paid.append(bill)
            return bill

    def busy(self, change: int) -> None:
        """Count the requests in progress."""
        with self._lock:
            self._busy += change
            self.most_at_a_time = max(self.most_at_a_time, self._busy)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 200

    def handle_error(self, request, client_address) -> None:
        """A client that closed its connection is not an error."""


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    context: ssl.SSLContext
    protocol_version = "HTTP/1.1"
    timeout = 60

    def setup(self) -> None:
        self.request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.request = self.context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, form: str, *values: object) -> None:
        self.hub.log.append(f"{self.command} {self.path}")

    def do_GET(self) -> None:
        try:
            self._authorized()
            if self.path == f"/aux/ratelimit/statistics/tokenCounts/{USER}" and self.hub.reports_quota:
                units = {"PT1M": 1000.0, "PT744H": self.hub.quota}
                requests = {"PT1M": 1000.0, "PT744H": self.hub.request_quota}
                self._answer_json({"data": {"REQUESTS": requests, "PROCESSING_UNITS": units}})
            else:
                raise RefusedError(404, "COMMON_NOT_FOUND", "Not found.")
        except RefusedError as error:
            self._refuse(error)

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            if self.path in TOKEN_PATHS:
                self._give_token(body)
                return
            self._authorized()
            wait = self.hub.seconds_too_early()
            if wait:
                self._too_many(wait)
            elif self.path == "/api/v1/catalog/1.0.0/search":
                self._with_fault("catalogue", lambda: ("application/geo+json", self._search(body), {}))
            elif self.path == "/api/v1/process":
                self.hub.busy(1)
                try:
                    self._process(body)
                finally:
                    self.hub.busy(-1)
            else:
                raise RefusedError(404, "COMMON_NOT_FOUND", "Not found.")
        except RefusedError as error:
            self._refuse(error)

    def _give_token(self, body: bytes) -> None:
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        basic = self.headers.get("Authorization", "")
        if basic.startswith("Basic "):
            form["client_id"], _, form["client_secret"] = base64.b64decode(basic[6:]).decode().partition(":")
        self.hub.requests["token"] += 1
        if self.hub.token_refusals > 0:
            self.hub.token_refusals -= 1
            self._answer_json({"error": "too_many_requests", "error_description": "Too many requests"}, 429)
            return
        if form.get("grant_type") != "client_credentials":
            said = {"error": "unsupported_grant_type", "error_description": "Unsupported grant_type"}
            self._answer_json(said, 400)
            return
        if (form.get("client_id"), form.get("client_secret")) != (self.hub.client_id, self.hub.client_secret):
            said = {"error": "invalid_client", "error_description": "Invalid client or Invalid client credentials"}
            self._answer_json(said, 401)
            return
        token, seconds = self.hub.new_token()
        self._answer_json({"access_token": token, "expires_in": seconds, "token_type": "Bearer"})

    def _authorized(self) -> None:
        if not self.hub.is_valid(self.headers.get("Authorization", "").removeprefix("Bearer ")):
            message = (
                "You are not authorized! Please provide a valid access token within the header [Authorization: Bearer "
                "<accessToken>] of your request."
            )
            raise RefusedError(401, "COMMON_UNAUTHORIZED", message)

    def _search(self, body: bytes) -> bytes:
        asked = json.loads(body)
        found = search(self.hub.products, asked, self.hub.deployment)
        self.hub.pay_search(price(asked))
        return json.dumps(found).encode()

    def _process(self, body: bytes) -> None:
        if not self.headers.get("Content-Type", "").startswith("application/json"):
            raise bad("The body must be application/json.")
        bill: dict = {}

        def make() -> tuple[str, bytes, dict[str, str]]:
            began = time.monotonic()
            order = Order(json.loads(body), self.hub.deployment, self.headers.get("Accept", "*/*"))
            bill["is"] = self.hub.pay(order)
            kind, content = order.picture(self.hub.products)
            bill["is"]["bytes"] = len(content)
            time.sleep(max(self.hub.latency - (time.monotonic() - began), 0.0))
            return kind, content, {"x-processingunits-spent": repr(order.units)}

        reached = self._with_fault("process", make)
        if bill:
            bill["is"]["reached"] = reached

    def _with_fault(self, what: str, make) -> bool:
        """Answer, or fail as planned; returns whether the whole answer was sent."""
        fault = self.hub.fault(what)
        if fault in ("429", "bare 429"):
            self._too_many(0.05 if fault == "429" else None)
        elif fault in ("503", "500"):
            raise RefusedError(int(fault), "RENDERER_EXCEPTION", "java.util.concurrent.ExecutionException: it failed")
        elif fault == "expired":
            self.hub.forget_tokens()
            self._authorized()
        else:
            self._send(200, *make(), fault=fault)
            return fault in (None, "slow")
        return False

    def _too_many(self, seconds: float | None) -> None:
        message = "You have exceeded your rate limit"
        body = {"status": 429, "reason": "Too Many Requests", "message": message, "code": "RATE_LIMIT_EXCEEDED"}
        headers = {} if seconds is None else {"Retry-After": str(int(seconds * 1000) + 1)}
        self._send(429, "application/json", json.dumps({"error": body}).encode(), headers)

    def _refuse(self, error: RefusedError) -> None:
        reasons = {
            400: "Bad Request",
            401: "Unauthorized",
            403: "Forbidden",
            404: "Not Found",
            429: "Too Many Requests",
            503: "Unavailable",
        }
        reason = reasons.get(error.status, "Internal Server Error")
        said = {"status": error.status, "reason": reason, "message": error.message, "code": error.code}
        self._answer_json({"error": said}, error.status)

    def _answer_json(self, value: object, status: int = 200) -> None:
        self._send(status, "application/json;charset=utf-8", json.dumps(value).encode(), {})

    def _send(self, status: int, kind: str, content: bytes, headers: dict[str, str], fault: str | None = None) -> None:
        if fault == "reset":
            raw = self.request
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            raw.close()
            return
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(content)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        if fault == "cut":
            self.wfile.write(content[: len(content) // 2])
            self.wfile.flush()
            self.close_connection = True
        elif fault == "slow":
            for start in range(0, len(content), max(len(content) // 10, 1)):
                self.wfile.write(content[start : start + max(len(content) // 10, 1)])
                time.sleep(0.1)
        else:
            self.wfile.write(content)


def main() -> None:
    """Run the server by hand: prints the settings of a client as JSON, and ends with its input."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--latency", type=float, default=0.0)
    parser.add_argument("--fault-share", type=float, default=0.0)
    parser.add_argument("--per-minute", type=float)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    with Hub(seed=given.seed) as hub:
        hub.latency, hub.fault_share, hub.per_minute = given.latency, given.fault_share, given.per_minute
        print(json.dumps({"url": hub.url, **hub.environment}), flush=True)
        input()
        print(json.dumps({"requests": dict(hub.requests), "units": hub.units_paid, "twice": len(hub.paid_twice())}))


if __name__ == "__main__":
    main()
