"""The Process API: a request, checked as the service does, its image and its price."""

from __future__ import annotations

import io
import itertools
import json
import tarfile
from datetime import datetime

import numpy as np
from pyproj import Transformer
from rasterio.io import MemoryFile
from rasterio.transform import from_bounds

from .evalscripts import EvalscriptError, evalscript
from .ground import Product

SAMPLE_TYPES = {"UINT8": ("uint8", 0, 255), "UINT16": ("uint16", 0, 65535), "FLOAT32": ("float32", None, None)}
_KNOWN = {
    "sentinel-2-l1c": "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12",
    "sentinel-2-l2a": "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B11 B12 SCL CLP",
    "sentinel-1-grd": "VV VH",
    "landsat-ot-l1": "B01 B02 B03 B04 B05 B06 B07 BQA",
}
_COUNTS = ("SCL", "CLP", "BQA", "dataMask")
_turn = itertools.count()


class RefusedError(Exception):
    """An answer other than 200: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


def bad(message: str) -> RefusedError:
    """A request that is not valid."""
    return RefusedError(400, "COMMON_BAD_PAYLOAD", message)


class Order:
    """A valid request."""

    def __init__(self, body: dict) -> None:
        try:
            bounds, data, output = body["input"]["bounds"], body["input"]["data"][0], body["output"]
            self.box = [float(value) for value in bounds["bbox"]]
            self.epsg = _epsg(bounds["properties"]["crs"])
            self.collection = data["type"]
            times = data["dataFilter"]["timeRange"]
            self.start, self.end = _time(times["from"]), _time(times["to"])
            self.newest_first = data["dataFilter"].get("mosaickingOrder", "mostRecent") != "leastRecent"
            self.processing = data.get("processing", {})
            self.responses = [response["identifier"] for response in output["responses"]]
            text = body["evalscript"]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise bad(f"Request body lacks or misuses {error}.") from error
        self.width, self.height = self._size(output)
        if self.collection not in _KNOWN:
            raise bad(f"Illegal data source type {self.collection}.")
        for name in ("upsampling", "downsampling"):
            if self.processing.get(name, "NEAREST") != "NEAREST":
                raise bad(f"This test server resamples to the nearest pixel only, not {self.processing[name]}.")
        try:
            self.script = evalscript(text)
        except EvalscriptError as error:
            raise RefusedError(400, "RENDERER_EXCEPTION", str(error)) from error
        for band in self.script.bands:
            if band not in _KNOWN[self.collection].split() and band != "dataMask":
                raise bad(f"Dataset {self.collection} has no band {band}.")

    def _size(self, output: dict) -> tuple[int, int]:
        left, bottom, right, top = self.box
        if not (right > left and top > bottom):
            raise bad("Invalid bounding box.")
        if "resx" in output:
            size = round((right - left) / output["resx"]), round((top - bottom) / output["resy"])
        else:
            size = int(output.get("width", 256)), int(output.get("height", 256))
        for name, value in zip(("width", "height"), size, strict=True):
            if not 1 <= value <= 2500:
                raise bad(f"`{name} = {value}` is larger than allowed 2500.\n")
        return size

    @property
    def units(self) -> float:
        """The price in processing units."""
        bands = len([band for band in self.script.bands if band != "dataMask"])
        units = max(self.width * self.height / 512**2, 0.01) * bands / 3
        units *= 2 if self.script.sample_type == "FLOAT32" else 1
        units *= 2 if self.collection == "sentinel-1-grd" and self.processing.get("orthorectify") else 1
        return max(units, 0.005)

    @property
    def key(self) -> str:
        """Equal for equal requests."""
        return json.dumps([self.collection, str(self.start), self.box, self.width, self.height, self.script.bands])

    def picture(self, products: list[Product]) -> tuple[str, bytes]:
        """Content type and body."""
        chosen = [p for p in products if p.collection == self.collection and self.start <= p.time <= self.end]
        chosen.sort(key=lambda product: (product.time, product.id), reverse=self.newest_first)
        samples = np.zeros((len(self.script.bands), self.height * self.width), dtype=np.float64)
        seen = np.zeros(self.height * self.width, dtype=bool)
        for product in chosen:
            self._lay(product, samples, seen)
        if "dataMask" in self.script.bands:
            samples[self.script.bands.index("dataMask")] = seen
        try:
            values = self.script.run(samples)
        except EvalscriptError as error:
            raise RefusedError(400, "RENDERER_EXCEPTION", str(error)) from error
        image = self._image(values.reshape(-1, self.height, self.width))
        if self.responses == ["default"]:
            return "image/tiff", image
        return "application/tar", _tar({"default.tif": image, "userdata.json": b"{}"})

    def _lay(self, product: Product, samples: np.ndarray, seen: np.ndarray) -> None:
        """Fill empty pixels with the product's nearest ones: on an edge, the right or lower one."""
        left, bottom, right, top = self.box
        x = left + (np.arange(self.width) + 0.5) * (right - left) / self.width
        y = top - (np.arange(self.height) + 0.5) * (top - bottom) / self.height
        x, y = (axis.ravel() for axis in np.meshgrid(x, y))
        if self.epsg != product.epsg:
            x, y = Transformer.from_crs(self.epsg, product.epsg, always_xy=True).transform(x, y)
        columns = np.floor((x - product.left) / product.pixel).astype(int)
        rows = np.floor((product.top - y) / product.pixel).astype(int)
        bands = product.read()
        height, width = next(iter(bands.values())).shape
        inside = (columns >= 0) & (columns < width) & (rows >= 0) & (rows < height) & ~seen
        columns, rows = columns[inside], rows[inside]
        any_data = np.zeros(len(rows), dtype=bool)
        for name, values in bands.items():
            any_data |= (values[rows, columns] > 0) & (name != "BQA")
        where = np.flatnonzero(inside)[any_data]
        for number, (name, unit) in enumerate(zip(self.script.bands, self.script.units, strict=True)):
            if name != "dataMask":
                measured = bands[name][rows, columns][any_data]
                samples[number, where] = measured / _divisor(self.collection, name, unit)
        seen[where] = True

    def _image(self, values: np.ndarray) -> bytes:
        dtype, low, high = SAMPLE_TYPES[self.script.sample_type]
        if low is not None:
            values = np.clip(np.floor(np.nan_to_num(values) + 0.5), low, high)
        count, height, width = values.shape
        profile = {"driver": "GTiff", "count": count, "height": height, "width": width, "dtype": dtype}
        place = {"crs": f"EPSG:{self.epsg}", "transform": from_bounds(*self.box, width, height)}
        order = "BIG" if next(_turn) % 2 else "LITTLE"
        with MemoryFile() as memory:
            with memory.open(**profile, **place, compress="deflate", interleave="pixel", ENDIANNESS=order) as file:
                file.write(values.astype(dtype))
            return bytes(memory.getbuffer())


def _divisor(collection: str, band: str, unit: str | None) -> float:
    if collection == "sentinel-1-grd" or band in _COUNTS:
        if unit not in (None, "DN", "LINEAR_POWER"):
            raise bad(f"Illegal unit {unit} of band {band}.")
        return 1.0
    allowed = {"sentinel-2": ("DN", "REFLECTANCE", None), "landsat-ot": ("REFLECTANCE", None)}
    if unit not in allowed[collection.rsplit("-", 1)[0]]:
        raise bad(f"Illegal unit {unit} of band {band}.")
    return 1.0 if unit == "DN" else 10_000.0


def _tar(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def _epsg(crs: str) -> int:
    tail = crs.rstrip("/").rsplit("/", 1)[-1]
    return 4326 if tail == "CRS84" else int(tail)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
