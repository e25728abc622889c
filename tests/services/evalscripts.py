"""Evalscripts run by V8."""

from __future__ import annotations

import atexit
import base64
import json
import threading
from functools import lru_cache

import numpy as np
from py_mini_racer import JSEvalException, MiniRacer

_HOST = r"""
var __letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
var __values = new Uint8Array(128);
for (var i = 0; i < 64; i++) __values[__letters.charCodeAt(i)] = i;
function __decode(text) {
  var length = text.length / 4 * 3, bytes = new Uint8Array(length), j = 0;
  for (var i = 0; i < text.length; i += 4) {
    var group = (__values[text.charCodeAt(i)] << 18) | (__values[text.charCodeAt(i + 1)] << 12)
      | (__values[text.charCodeAt(i + 2)] << 6) | __values[text.charCodeAt(i + 3)];
    bytes[j++] = group >> 16; bytes[j++] = (group >> 8) & 255; bytes[j++] = group & 255;
  }
  return new Float32Array(bytes.buffer);
}
function __encode(values) {
  var bytes = new Uint8Array(values.buffer), codes = new Uint8Array(bytes.length / 3 * 4), parts = [], j = 0;
  for (var i = 0; i < bytes.length; i += 3) {
    var group = (bytes[i] << 16) | (bytes[i + 1] << 8) | bytes[i + 2];
    codes[j++] = __letters.charCodeAt(group >> 18);
    codes[j++] = __letters.charCodeAt((group >> 12) & 63);
    codes[j++] = __letters.charCodeAt((group >> 6) & 63);
    codes[j++] = __letters.charCodeAt(group & 63);
  }
  for (var k = 0; k < codes.length; k += 16384) {
    parts.push(String.fromCharCode.apply(null, codes.subarray(k, k + 16384)));
  }
  return parts.join("");
}
function __setup() { return JSON.stringify(setup()); }
function __run(text, count, names, width) {
  var fields = names.map(function (name, band) { return name + ": planes[" + band * count + " + pixel]"; });
  var sampleOf = new Function("planes", "pixel", "return {" + fields.join(", ") + "};");
  var planes = __decode(text), output = new Float32Array(Math.ceil(count * width / 3) * 3);
  for (var pixel = 0; pixel < count; pixel++) {
    var value = evaluatePixel(sampleOf(planes, pixel));
    if (!Array.isArray(value)) value = value.default;
    if (value.length !== width) throw new Error("evaluatePixel gives " + value.length + " values, not " + width);
    for (var i = 0; i < width; i++) output[pixel * width + i] = value[i];
  }
  return __encode(output);
}
"""


class EvalscriptError(Exception):
    """The script does not run, or is incomplete."""


class Evalscript:
    """A script in its own engine."""

    def __init__(self, text: str) -> None:
        if not text.startswith("//VERSION=3"):
            raise EvalscriptError("The script does not begin with //VERSION=3, and is read as version 1.")
        self._lock = threading.Lock()
        self._engine = MiniRacer()
        try:
            self._engine.eval(_HOST)
            self._engine.eval(text)
            setup = json.loads(self._engine.call("__setup"))
        except (JSEvalException, ValueError, TypeError) as error:
            raise EvalscriptError(f"Failed to evaluate script! {error}") from error
        given = setup["input"][0] if isinstance(setup["input"][0], dict) else {"bands": setup["input"]}
        units = given.get("units") or [None] * len(given["bands"])
        self.bands: list[str] = given["bands"]
        self.units = [units] * len(self.bands) if isinstance(units, str) else units
        if len(self.units) != len(self.bands):
            raise EvalscriptError(f"There are {len(self.units)} units for {len(self.bands)} bands.")
        if unknown := set(setup) - {"input", "output", "mosaicking"} | set(given) - {"bands", "units", "metadata"}:
            raise EvalscriptError(f"setup() has the unknown property {sorted(unknown)[0]}.")
        self.mosaicking: str = setup.get("mosaicking", "SIMPLE")
        output = setup["output"]
        output = output[0] if isinstance(output, list) else output
        self.output_bands: int = output["bands"]
        self.sample_type: str = output.get("sampleType", "AUTO")
        if self.sample_type not in ("UINT8", "UINT16", "FLOAT32"):
            raise EvalscriptError(f"This test server has no sample type {self.sample_type}.")

    def run(self, planes: np.ndarray) -> np.ndarray:
        """The values (output band, pixel) float32 of samples (input band, pixel)."""
        count = planes.shape[1]
        data = np.ascontiguousarray(planes, dtype=np.float32).tobytes()
        data += b"\0" * (-len(data) % 12)
        with self._lock:
            try:
                text = self._engine.call("__run", base64.b64encode(data).decode(), count, self.bands, self.output_bands)
            except JSEvalException as error:
                raise EvalscriptError(f"Failed to evaluate script! {error}") from error
        values = np.frombuffer(base64.b64decode(text), dtype=np.float32)
        return values[: count * self.output_bands].reshape(count, self.output_bands).T


# Where the processor has memory protection keys, V8 may be used only by threads that began after it was started.
_V8 = MiniRacer()
_starting = threading.Lock()


@lru_cache(maxsize=64)
def _engine(text: str, thread: int) -> Evalscript:
    return Evalscript(text)


atexit.register(_engine.cache_clear)  # an engine waits for its thread, which Python stops next


def evalscript(text: str) -> Evalscript:
    """The compiled script; threads share a few engines."""
    with _starting:  # V8 cannot be started twice at the same time
        return _engine(text, threading.get_ident() % 4)
