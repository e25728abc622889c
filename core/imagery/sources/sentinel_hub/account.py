"""Signing in: the OAuth token of an account."""

from __future__ import annotations

import json
import threading
from base64 import urlsafe_b64decode
from http import HTTPStatus

import requests
from oauthlib.oauth2 import OAuth2Error, ServerError, TemporarilyUnavailableError
from sentinelhub import DownloadFailedException, SentinelHubSession, SHConfig

from ....errors import PatchworkError, ServiceError
from .failures import ATTEMPTS_BROKEN, RateLimitError, TemporaryError, host_of, seconds_to_wait, without_answer


class _Session(SentinelHubSession):
    """A session that does not take "too many sign-ins" for a refused account: oauthlib drops the status."""

    @staticmethod
    def _compliance_hook(response: requests.Response) -> requests.Response:
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            response.raise_for_status()
        return SentinelHubSession._compliance_hook(response)


class Account:
    """An account and its token, which is renewed two minutes before it expires. Used from many threads.

    What needs the token raises ServiceError if the account is not accepted, TemporaryError if another attempt may
    succeed, and RateLimitError if there were too many sign-ins.
    """

    def __init__(self, config: SHConfig) -> None:
        self._config = config
        self._lock = threading.Lock()
        self._session: SentinelHubSession | None = None

    def headers(self) -> dict[str, str]:
        """Headers with a valid token."""
        with self._lock:
            return self._signed_in().session_headers

    def user(self) -> str:
        """The user id that the token holds; ValueError or LookupError if the token has another form."""
        with self._lock:
            payload = self._signed_in().token["access_token"].split(".")[1]
        return str(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["sub"])

    def drop(self, headers: dict[str, str]) -> None:
        """Forget the token of these headers, which the service refused, unless another thread has renewed it."""
        with self._lock:
            if self._session and self._signed_in().session_headers["Authorization"] == headers.get("Authorization"):
                self._session = None

    def without_secrets(self, text: str) -> str:
        """The text with client id and secret replaced by "…"."""
        for secret in filter(None, (self._config.sh_client_secret, self._config.sh_client_id)):
            text = text.replace(secret, "…")
        return text

    def _signed_in(self) -> SentinelHubSession:
        """The session with a valid token; called with the lock held."""
        url = self._config.sh_token_url
        try:
            if self._session is None:
                self._session = _Session(config=self._config)
            self._session.token  # noqa: B018  renewed here
        except (ServerError, TemporarilyUnavailableError) as error:
            raise TemporaryError(f"the sign-in service fails ({error.error})", ATTEMPTS_BROKEN) from None
        except OAuth2Error as error:
            raise ServiceError(
                self.without_secrets(
                    f"The service does not accept the account ({error.error}). Check client id and secret, whether the "
                    f"OAuth client has expired, and that it belongs to {host_of(url)}."
                )
            ) from None
        except DownloadFailedException as error:
            raise _sign_in_error(error.request_exception, url) from None
        except requests.RequestException as error:
            raise _sign_in_error(error, url) from None
        except (ValueError, KeyError):
            raise ServiceError(f"{host_of(url)} does not answer like a sign-in service. Check TOKEN_URL.") from None
        return self._session


def _sign_in_error(error: Exception | None, url: str) -> TemporaryError | RateLimitError | PatchworkError:
    response = getattr(error, "response", None)
    if response is None and isinstance(error, requests.RequestException):
        return without_answer(error, url)
    status = response.status_code if response is not None else 0
    if response is not None and status == HTTPStatus.TOO_MANY_REQUESTS:
        return RateLimitError(seconds_to_wait(response.headers.get("Retry-After")))
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TemporaryError(f"the sign-in service fails ({status})", ATTEMPTS_BROKEN)
    return ServiceError(f"Signing in at {host_of(url)} failed ({status}). Check TOKEN_URL.")
