"""Windows of remote images, read by GDAL; faults are named by what the server answers."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeVar

import rasterio
from rasterio.errors import RasterioError

from ....errors import DataError
from ..opening import GEOTIFF, JPEG_2000, SAFE_OPTIONS, open_image
from ..retries import PassingFaultError, patient_attempts
from ..services import public_address, public_text
from .addresses import path_of
from .api import Api, may_pass, status_text
from .signing import Signer

FIRST_WAIT = 1.0
_ATTEMPTS = 5
_LONGEST_SECONDS = 600.0
_OPEN_AT_A_TIME = 24
# For windows of remote files: headers take one request, failures are not remembered, requests that fail are repeated.
_OPTIONS = {
    **SAFE_OPTIONS,
    "CPL_VSIL_CURL_NON_CACHED": "/vsicurl/",
    "GDAL_HTTP_CONNECTTIMEOUT": 15,
    "GDAL_HTTP_TIMEOUT": 120,
    "GDAL_HTTP_MAX_RETRY": 1,
    "GDAL_HTTP_RETRY_DELAY": 1,
    "GDAL_HTTP_MERGE_CONSECUTIVE_RANGES": "YES",
    "GDAL_HTTP_MULTIPLEX": "YES",
}
_REFUSED = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.CONFLICT)
_opened = threading.local()
T = TypeVar("T")


class MissingImageError(DataError):
    """The image is missing or refused for good."""


@dataclass(frozen=True)
class ImageReader:
    """Reads images of one API; `signer` adds tokens to their addresses if they need them."""

    api: Api
    signer: Signer | None = None

    def read(self, address: str, use: Callable[[rasterio.DatasetReader], T]) -> T:
        """What `use` returns for the opened image, in several attempts.

        Raises DataError if the image cannot be read: it says whether it is missing, refused, or fails at the moment.
        """
        attempts = patient_attempts(FIRST_WAIT, _ATTEMPTS, _LONGEST_SECONDS)
        try:
            result: T = attempts(self._attempt, address, use)
            return result
        except PassingFaultError as error:
            times = attempts.statistics["attempt_number"]
            raise DataError(
                f"{public_address(address)} cannot be read: {error.reason}, after {times} attempts. Run again later."
            ) from None

    def _attempt(self, address: str, use: Callable[[rasterio.DatasetReader], T]) -> T:
        signed = self.signer.signed(address) if self.signer else address
        try:
            with _file(signed, self.api) as file:
                return use(file)
        except RasterioError as error:
            raise self._fault(address, signed, error) from None
        except DataError as error:
            raise DataError(f"{public_address(address)}: {error}") from error

    def _fault(self, address: str, signed: str, error: RasterioError) -> Exception:
        """The error to raise, by what the server answers to the same request."""
        reply = self.api.send("GET", signed, headers={"Range": "bytes=0-0"})
        text, shown = status_text(reply.status), public_address(address)
        if reply.status in _REFUSED:
            if self.signer is not None and signed != address:
                self.signer.forget(signed)
                return PassingFaultError(f"the storage refuses the token ({text})")
            return MissingImageError(
                f"{shown} cannot be read: the server refuses it ({text}). The image needs a signed address or an "
                "account. Choose a service with public images (SERVICE_URL, COLLECTION)."
            )
        if reply.status in (HTTPStatus.NOT_FOUND, HTTPStatus.GONE):
            return MissingImageError(f"{shown} cannot be read: there is no such image ({text}).")
        if may_pass(reply.status):
            return PassingFaultError(f"the server answers {text}", reply.seconds)
        if reply.status >= HTTPStatus.BAD_REQUEST:
            return MissingImageError(f"{shown} cannot be read: the server refuses it ({text}).")
        return PassingFaultError(public_text(str(error.__cause__ or error)).rstrip("."))


@contextmanager
def _file(address: str, api: Api) -> Iterator[rasterio.DatasetReader]:
    """The image, kept open in this thread so that the next window needs no header; closed if reading fails.

    GDAL would follow redirections wherever they lead, so it gets the address behind them.
    """
    held: OrderedDict[str, tuple[str, rasterio.DatasetReader]] = _opened.__dict__.setdefault("files", OrderedDict())
    path, file = held.pop(address, None) or (path_of(api.final_address(address)), None)
    with rasterio.Env(**{**_OPTIONS, **_authority(), "CPL_VSIL_CURL_ALLOWED_FILENAME": path}):
        file = file or open_image(path, JPEG_2000 if _is_jp2(path) else GEOTIFF)
        try:
            yield file
        except RasterioError:
            file.close()
            raise
        held[address] = path, file
        if len(held) > _OPEN_AT_A_TIME:
            held.popitem(last=False)[1][1].close()


def _is_jp2(path: str) -> bool:
    return path.partition("?")[0].lower().endswith((".jp2", ".j2k"))


def _authority() -> dict[str, str]:
    bundle = os.environ.get("REQUESTS_CA_BUNDLE")
    return {"CURL_CA_BUNDLE": bundle} if bundle else {}
