"""The supported collections: their bands, units and evalscripts."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from ....vocabulary.bands import CATEGORICAL_BANDS

# Stored value of a sample, in JavaScript: 0 is reserved for no data.
_AS_IT_IS = "Math.max(1, {})"
_REFLECTANCE = "Math.max(1, Math.min(65535, Math.round({} * 10000)))"
_DECIBEL = "Math.max(1, Math.min(65535, Math.round((10 * Math.log({}) / Math.LN10 + 50) * 1000)))"


@dataclass(frozen=True)
class Collection:
    """One collection of a service.

    `bands` maps names of bands to those of the service: bands of Landsat have the names of Sentinel-2 bands of similar
    wavelength. `units` is the unit in which the service delivers them, `value` how they are stored. `mosaicked` is a
    pattern of the product ids to use; `unit_factor` multiplies the price; `base_url` is the address of the collection,
    if it is not that of the service; `begins` is the day of its first product, if that is not the satellite's.
    `lacks_values`: a band may have no value (NaN) where others have one; such pixels are without data.
    """

    id: str
    bands: Mapping[str, str]
    units: str = "DN"
    value: str = _AS_IT_IS
    processing: Mapping[str, Any] = field(default_factory=dict)
    data_filter: Mapping[str, Any] = field(default_factory=dict)
    mosaicked: str = ""
    unit_factor: float = 1.0
    base_url: str | None = None
    begins: date | None = None
    lacks_values: bool = False

    def takes(self, product: str) -> bool:
        """Whether the product with this id is used."""
        return re.search(self.mosaicked, product) is not None

    def evalscript(self, bands: Sequence[str]) -> str:
        """The evalscript (https://docs.sentinel-hub.com/api/latest/evalscript/v3/) that returns these bands as uint16.

        A pixel without data is 0 in all bands; a pixel with data can be 0 only in classes and bits.
        """
        own = [self.bands[band] for band in bands]
        units = [self._units_of(band) for band in bands]
        values = ", ".join(self._value_of(band).format(f"s.{name}") for band, name in zip(bands, own, strict=True))
        quoted = ", ".join(f'"{name}"' for name in [*own, "dataMask"])
        is_whole = f" && [{', '.join(f's.{name}' for name in own)}].every(isFinite)" if self.lacks_values else ""
        return "\n".join(
            [
                "//VERSION=3",
                "function setup() {",
                "  return {",
                f"    input: [{{bands: [{quoted}], units: [{', '.join(f'{unit!r}' for unit in [*units, 'DN'])}]}}],",
                f'    output: {{bands: {len(own)}, sampleType: "UINT16"}}',
                "  };",
                "}",
                "function evaluatePixel(s) {",
                f"  return s.dataMask{is_whole} ? [{values}] : [{', '.join('0' * len(own))}];",
                "}",
            ]
        )

    def _units_of(self, band: str) -> str:
        return "DN" if band in _COUNTS else self.units

    def _value_of(self, band: str) -> str:
        return "{}" if band in _COUNTS else self.value


_COUNTS = (*CATEGORICAL_BANDS, "CLP")

_S2 = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
_LANDSAT = {
    "B01": "B01",
    "B02": "B02",
    "B03": "B03",
    "B04": "B04",
    "B08": "B05",
    "B11": "B06",
    "B12": "B07",
    "QA": "BQA",
}
# Pixels as measured: a finer grid repeats them, a coarser one has the pixel at its centre. Reflectance of products
# since 2022 is harmonised with that of older ones.
_NEAREST = {"upsampling": "NEAREST", "downsampling": "NEAREST"}
_HARMONISED = {**_NEAREST, "harmonizeValues": True}
_US_WEST = "https://services-uswest2.sentinel-hub.com"

COLLECTIONS = {
    collection.id: collection
    for collection in (
        Collection("sentinel-2-l1c", {band: band for band in (*_S2, "CLP")}, processing=_HARMONISED),
        Collection(
            "sentinel-2-l2a",
            {band: band for band in (*_S2, "SCL", "CLP") if band != "B10"},
            processing=_HARMONISED,
        ),
        *(
            Collection(name, _LANDSAT, "REFLECTANCE", _REFLECTANCE, _NEAREST, base_url=_US_WEST, lacks_values=True)
            for name in ("landsat-ot-l1", "landsat-ot-l2")
        ),
        Collection(
            "sentinel-1-grd",
            {"VV": "VV", "VH": "VH"},
            "LINEAR_POWER",
            _DECIBEL,
            processing={
                **_NEAREST,
                "backCoeff": "GAMMA0_TERRAIN",
                "orthorectify": True,
                "demInstance": "COPERNICUS_30",  # the default differs between deployments
            },
            data_filter={"acquisitionMode": "IW", "polarization": "DV", "resolution": "HIGH"},
            mosaicked="_IW_GRDH_1SDV_",
            unit_factor=2.5,  # radiometric terrain correction, which includes orthorectification
        ),
    )
}
