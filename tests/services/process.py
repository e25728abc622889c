"""The Process API: a request, checked as the service does, its image and its price."""

from __future__ import annotations

import io
import itertools
import json
import re
import tarfile
from datetime import datetime

import numpy as np
from pyproj import Transformer
from rasterio.io import MemoryFile
from rasterio.transform import from_bounds

from .collections import Dataset, RefusedError, bad, dataset
from .evalscripts import EvalscriptError, evalscript
from .ground import Product

SAMPLE_TYPES = {"UINT8": ("uint8", 0, 255), "UINT16": ("uint16", 0, 65535), "FLOAT32": ("float32", None, None)}
_KINDS = {"image/tiff": "GTiff", "image/png": "PNG"}
_SEVERAL = ("application/tar", "application/x-tar")
_turn = itertools.count()

# The list of documentation.dataspace.copernicus.eu/APIs/SentinelHub/Process/Crs.html
_CRS = {4326, 3857, *range(32601, 32661), *range(32701, 32761)}
_CRS |= {2154, 2180, 2193, 3003, 3004, 3005, 3006, 3031, 3035, 3161, 3346, 3413, 3416, 3578, 3580, 3765, 3794, 3844}
_CRS |= {3912, 3995, 4026, 5514, 28992, 32184}


class Order:
    """A valid request."""

    def __init__(self, body: dict, deployment: str = "own", accepted: str = "*/*") -> None:
        _only(body, "request", "input", "output", "evalscript")
        try:
            bounds, data, output = body["input"]["bounds"], body["input"]["data"][0], body["output"]
            self.box = [float(value) for value in bounds["bbox"]]
            self.epsg = _epsg(bounds.get("properties", {}).get("crs", "http://www.opengis.net/def/crs/OGC/1.3/CRS84"))
            self.collection = data["type"]
            self.filter, self.processing = data["dataFilter"], data.get("processing", {})
            times = self.filter["timeRange"]
            self.start, self.end = _time(times["from"]), _time(times["to"])
            self.newest_first = self.filter.get("mosaickingOrder", "mostRecent") != "leastRecent"
            self.responses = {each["identifier"]: each.get("format", {}).get("type") for each in output["responses"]}
            text = body["evalscript"]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            raise bad(f"Request body lacks or misuses {error}.") from error
        _only(body["input"], "input", "bounds", "data")
        _only(bounds, "bounds", "bbox", "geometry", "properties")
        _only(data, "data", "id", "type", "dataFilter", "processing")
        _only(times, "timeRange", "from", "to")
        self.dataset: Dataset = dataset(self.collection, deployment)
        self.dataset.check(self.filter, self.processing)
        self.kind = self._kind(accepted)
        self.width, self.height = self._size(output)
        self._check_resolution()
        try:
            self.script = evalscript(text)
        except EvalscriptError as error:
            raise RefusedError(400, "RENDERER_EXCEPTION", str(error)) from error
        self._check_script()

    def _kind(self, accepted: str) -> str:
        """The content type of the answer; an image is a PNG unless the request says otherwise."""
        if len(self.responses) > 1 and accepted not in _SEVERAL:
            raise bad("Several responses need the Accept header application/tar, application/x-tar or multipart/mixed.")
        for name, kind in self.responses.items():
            if (kind or "image/png") not in (("application/json",) if name == "userdata" else _KINDS):
                raise bad(f"Illegal format {kind} of response {name}.")
        if "default" not in self.responses:
            raise bad("There is no response with the identifier default.")
        kind = self.responses["default"] or "image/png"
        if len(self.responses) == 1 and accepted not in ("*/*", kind):
            raise RefusedError(406, "COMMON_NOT_ACCEPTABLE", f"The response is {kind}, not {accepted}.")
        return kind

    def _size(self, output: dict) -> tuple[int, int]:
        _only(output, "output", "width", "height", "resx", "resy", "responses")
        left, bottom, right, top = self.box
        if not (right > left and top > bottom):
            raise bad("Invalid bounding box.")
        if {"resx", "resy"} & set(output):
            if {"width", "height"} & set(output):
                raise bad("Only one pair of parameters width/height or resx/resy must be set at the same time.")
            size = round((right - left) / output["resx"]), round((top - bottom) / output["resy"])
        else:
            size = output.get("width", 256), output.get("height", 256)
        for name, value in zip(("width", "height"), size, strict=True):
            if not (isinstance(value, int) and 1 <= value <= 2500):
                raise bad(f"`{name} = {value}` is larger than allowed 2500.\n")
        return size

    def _check_resolution(self) -> None:
        left, bottom, right, top = self.box
        metres = 111_320.0 if self.epsg == 4326 else 1.0
        pixel = max((right - left) / self.width, (top - bottom) / self.height) * metres
        if pixel > self.dataset.coarsest:
            raise bad(
                f"Your request of {pixel:.2f} meters per pixel exceeds the limit {self.dataset.coarsest:.2f} meters "
                f"per pixel of the collection {self.collection}. Please revise the resolution."
            )

    def _check_script(self) -> None:
        if self.script.mosaicking != "SIMPLE":
            raise bad(f"This test server mosaics SIMPLE only, not {self.script.mosaicking}.")
        self.script.units = [
            self.dataset.unit(band, unit) for band, unit in zip(self.script.bands, self.script.units, strict=True)
        ]

    @property
    def units(self) -> float:
        """The price in processing units."""
        bands = len([band for band in self.script.bands if band != "dataMask"]) or 1
        units = max(self.width * self.height / 512**2, 0.01) * bands / 3
        units *= 2 if self.script.sample_type == "FLOAT32" else 1
        if self.processing.get("backCoeff") == "GAMMA0_TERRAIN":
            units *= 2.5  # radiometric terrain correction, which includes orthorectification
        elif self.processing.get("orthorectify"):
            units *= 2
        units *= 2 if self.processing.get("speckleFilter", {}).get("type", "NONE") != "NONE" else 1
        return max(units, 0.005)

    @property
    def key(self) -> str:
        """Equal for equal requests."""
        return json.dumps([self.collection, str(self.start), self.box, self.width, self.height, self.script.bands])

    def picture(self, products: list[Product]) -> tuple[str, bytes]:
        """Content type and body."""
        chosen = [p for p in products if p.collection == self.collection and self.start <= p.time <= self.end]
        chosen.sort(key=lambda product: (product.time, product.id), reverse=self.newest_first)
        nothing = self.dataset.nothing
        samples = np.full((len(self.script.bands), self.height * self.width), nothing, dtype=np.float64)
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
        if len(self.responses) == 1:
            return self.kind, image
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
            any_data |= (values[rows, columns] > 0) & (name not in self.dataset.counts)
        where = np.flatnonzero(inside)[any_data]
        for number, (name, unit) in enumerate(zip(self.script.bands, self.script.units, strict=True)):
            if name != "dataMask":
                measured = bands[name][rows, columns][any_data] / (10_000.0 if unit == "REFLECTANCE" else 1.0)
                is_empty = (measured == 0) & (name not in self.dataset.counts)
                samples[number, where] = np.where(is_empty, self.dataset.nothing, measured)
        seen[where] = True

    def _image(self, values: np.ndarray) -> bytes:
        dtype, low, high = SAMPLE_TYPES[self.script.sample_type]
        if low is not None:
            values = np.clip(np.floor(np.nan_to_num(values) + 0.5), low, high)
        count, height, width = values.shape
        if self.kind == "image/png":
            with MemoryFile() as memory:
                with memory.open(driver="PNG", count=count, height=height, width=width, dtype=dtype) as file:
                    file.write(values.astype(dtype))
                return bytes(memory.getbuffer())
        profile = {"driver": "GTiff", "count": count, "height": height, "width": width, "dtype": dtype}
        place = {"crs": f"EPSG:{self.epsg}", "transform": from_bounds(*self.box, width, height)}
        order = "BIG" if next(_turn) % 2 else "LITTLE"
        with MemoryFile() as memory:
            with memory.open(**profile, **place, compress="deflate", interleave="pixel", ENDIANNESS=order) as file:
                file.write(values.astype(dtype))
            return bytes(memory.getbuffer())


def _tar(files: dict[str, bytes]) -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return held.getvalue()


def _only(given: dict, where: str, *known: str) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise bad(f"Unrecognized field {unknown[0]} of {where}.")


def _epsg(crs: str) -> int:
    if crs == "http://www.opengis.net/def/crs/OGC/1.3/CRS84":
        return 4326
    found = re.fullmatch(r"http://www\.opengis\.net/def/crs/EPSG/0/(\d+)", crs)
    if found is None or int(found[1]) not in _CRS:
        raise bad(f"Unsupported crs {crs}.")
    return int(found[1])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))
