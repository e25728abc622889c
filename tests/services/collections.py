"""What each deployment offers: collections, bands, units, filters and options, as the services document them.

The sources are named in README.md beside this file.
"""

from __future__ import annotations

from dataclasses import dataclass

_ORDER = {"mosaickingOrder": ("mostRecent", "leastRecent", "leastCC"), "maxCloudCoverage": range(101)}
_RESAMPLING = ("NEAREST", "BILINEAR", "BICUBIC")
_RADAR_FILTER = {
    "mosaickingOrder": ("mostRecent", "leastRecent"),
    "resolution": ("HIGH", "MEDIUM"),
    "acquisitionMode": ("SM", "IW", "EW", "WV"),
    "polarization": ("SH", "SV", "DH", "DV", "HH", "HV", "VV", "VH"),
    "orbitDirection": ("ASCENDING", "DESCENDING"),
    "timeliness": ("NRT10m", "NRT1h", "NRT3h", "Fast24h", "Offline", "Reprocessing", "ArchNormal"),
}
_RADAR_PROCESSING = {
    "backCoeff": ("BETA0", "SIGMA0_ELLIPSOID", "GAMMA0_ELLIPSOID", "GAMMA0_TERRAIN"),
    "orthorectify": (True, False),
    "radiometricTerrainOversampling": range(1, 5),
}
_DEM = {"sentinelhub": ("MAPZEN", "COPERNICUS", "COPERNICUS_30", "COPERNICUS_90")}
_DEM["cdse"] = _DEM["sentinelhub"][1:]


class RefusedError(Exception):
    """An answer other than 200: status, code, message."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(status, code, message)
        self.status, self.code, self.message = status, code, message


def bad(message: str) -> RefusedError:
    """A request that is not valid."""
    return RefusedError(400, "COMMON_BAD_PAYLOAD", message)


@dataclass(frozen=True)
class Dataset:
    """A collection at a deployment.

    `units` holds the units of each band, the default one first. `nothing` is the value of bands without data.
    `coarsest` is the largest pixel in metres, `begins` the day of the first product.
    """

    name: str
    units: dict[str, tuple[str, ...]]
    filters: dict[str, object]
    processing: dict[str, object]
    nothing: float = 0.0
    coarsest: float = 1500.0
    begins: str = "2013-01-01"

    @property
    def counts(self) -> set[str]:
        """The bands that are counts, classes or bits, and not measurements."""
        return {band for band, units in self.units.items() if units in (("DN",), ("PERCENT",))}

    def check(self, chosen: dict, processing: dict) -> None:
        """Refuse unknown filters and options, and unknown values of known ones."""
        for where, given, known in (("dataFilter", chosen, self.filters), ("processing", processing, self.processing)):
            for name, value in given.items():
                if name == "timeRange" and where == "dataFilter":
                    continue
                if name not in known:
                    raise bad(f"Unrecognized field {name} of {where} of {self.name}.")
                is_flag = known[name] == (True, False)
                if isinstance(value, bool) != is_flag or value not in known[name]:
                    raise bad(f"Illegal value {value!r} of {name} of {self.name}.")
        for name in ("upsampling", "downsampling"):
            if processing.get(name, "NEAREST") != "NEAREST":
                raise bad(f"This test server resamples to the nearest pixel only, not {processing[name]}.")
        if processing.get("backCoeff") == "GAMMA0_TERRAIN" and not processing.get("orthorectify"):
            raise bad("Orthorectification must be enabled for GAMMA0_TERRAIN.")

    def unit(self, band: str, unit: str | None) -> str:
        """The unit in which a band is delivered."""
        if band not in self.units:
            raise bad(f"Dataset {self.name} has no band {band}.")
        known = self.units[band]
        if unit is not None and unit.upper() not in known:
            raise bad(f"Illegal unit {unit} of band {band} of {self.name}; it has {', '.join(known)}.")
        return unit.upper() if unit else known[0]


def offered(deployment: str) -> tuple[str, ...]:
    """The collections of a deployment: sentinelhub, uswest2, cdse, or own, which has all of Sentinel Hub's."""
    sentinel = ("sentinel-2-l1c", "sentinel-2-l2a", "sentinel-1-grd")
    landsat = ("landsat-ot-l1", "landsat-ot-l2")
    return {"sentinelhub": sentinel, "uswest2": landsat, "cdse": (*sentinel, landsat[0]), "own": (*sentinel, *landsat)}[
        deployment
    ]


def dataset(name: str, deployment: str) -> Dataset:
    """A collection at a deployment; RefusedError if it is not offered there."""
    if name not in offered(deployment):
        raise bad(f"Illegal collection {name}.")
    resampling = {"upsampling": _RESAMPLING, "downsampling": _RESAMPLING}
    if name == "sentinel-1-grd":
        processing = {**resampling, **_RADAR_PROCESSING, "demInstance": _DEM.get(deployment, _DEM["sentinelhub"])}
        units = {"VV": ("LINEAR_POWER",), "VH": ("LINEAR_POWER",), "dataMask": ("DN",)}
        return Dataset(name, units, _RADAR_FILTER, processing)
    if name.startswith("landsat"):
        tiers = {"tiers": ("TIER_1", "ALL_TIERS", *(["TIER_1_AND_RT"] if name.endswith("l1") else []))}
        units = {f"B0{number}": ("REFLECTANCE",) for number in range(1, 8)}
        units |= {"BQA": ("DN",), "QA_RADSAT": ("DN",), "dataMask": ("DN",)}
        begins = "2021-01-01" if deployment == "cdse" else "2013-03-01"
        return Dataset(name, units, {**_ORDER, **tiers}, resampling, float("nan"), begins=begins)
    own = "B01 B02 B03 B04 B05 B06 B07 B08 B8A B09 B10 B11 B12".split()
    units = dict.fromkeys(own, ("REFLECTANCE", "DN"))
    units["dataMask"] = ("DN",)
    if name.endswith("l2a"):
        del units["B10"]
        units |= {"AOT": ("OPTICAL_DEPTH", "DN"), "SCL": ("DN",), "SNW": ("PERCENT",), "CLD": ("PERCENT",)}
    if deployment != "cdse":
        units |= {"CLP": ("DN",), "CLM": ("DN",)}
    return Dataset(name, units, _ORDER, {**resampling, "harmonizeValues": (True, False)})
