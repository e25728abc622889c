"""HTTP requests and answers, one open connection for each thread."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

import requests
from requests.structures import CaseInsensitiveDict
from sentinelhub import DownloadRequest

_CONNECT_SECONDS, _SILENCE_SECONDS, _ANSWER_SECONDS = 15, 120, 300
_CHUNK_BYTES = 1 << 18


@dataclass(frozen=True)
class Answer:
    """Status, headers and body of an answer."""

    status: int
    headers: CaseInsensitiveDict[str]
    content: bytes


class Connections:
    """Connections that stay open between requests, one for each thread."""

    def __init__(self) -> None:
        self._local = threading.local()

    def send(self, request: DownloadRequest, headers: dict[str, str]) -> Answer:
        """The answer to a request, whatever its status; requests.RequestException if none arrives in time."""
        with self._session().request(
            request.request_type.value,
            request.url or "",
            json=request.post_values,
            headers=headers,
            timeout=(_CONNECT_SECONDS, _SILENCE_SECONDS),
            stream=True,
        ) as response:
            ends = time.monotonic() + _ANSWER_SECONDS
            chunks = []
            for chunk in response.iter_content(_CHUNK_BYTES):
                chunks.append(chunk)
                if time.monotonic() > ends:
                    raise requests.Timeout(f"the answer took more than {_ANSWER_SECONDS} s")
            return Answer(response.status_code, response.headers, b"".join(chunks))

    def _session(self) -> requests.Session:
        if not hasattr(self._local, "session"):
            self._local.session = requests.Session()
        session: requests.Session = self._local.session
        return session
