"""Reading and writing vector layers as arrays of geometries and attributes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import DataLayerError, DataSourceError, FeatureError

from ..errors import DataError, WorkspaceError
from .files import written_whole


@dataclass(frozen=True)
class VectorLayer:
    """Geometries (n,) with their attributes, each (n,), and their CRS (empty where the layer has none)."""

    name: str
    geometries: np.ndarray
    fields: Mapping[str, np.ndarray]
    crs: str


def read_vector(source: str) -> VectorLayer:
    """A layer of a vector file, `file.gpkg|layername=…` for one of several; empty geometries are skipped.

    Raises DataError if the file is missing, is not a vector file, or has no such layer.
    """
    path, _, option = source.partition("|")
    layer = option.removeprefix("layername=") or None
    if not Path(path).exists():
        raise DataError(f"There is no file {path}.")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)
            meta, _, wkb, columns = pyogrio.raw.read(path, layer=layer, force_2d=True)
    except (DataSourceError, DataLayerError) as error:
        raise DataError(f"{source} cannot be read as a vector layer ({error}).") from error
    if wkb is None:
        raise DataError(f"{source} is a table without geometries. Choose a layer of polygons.")
    geometries = shapely.from_wkb(wkb, on_invalid="fix")
    here = np.array([geometry is not None and not geometry.is_empty for geometry in geometries], dtype=bool)
    fields = {str(name): column[here] for name, column in zip(meta["fields"], columns, strict=True)}
    return VectorLayer(layer or Path(path).stem, geometries[here], fields, meta["crs"] or "")


def write_geopackage(path: Path, layer: VectorLayer) -> None:
    """Write one layer as a GeoPackage, completely or not at all; WorkspaceError if it cannot be written."""
    kinds = {geometry.geom_type for geometry in layer.geometries}
    with written_whole(path) as temporary:
        try:
            pyogrio.raw.write(
                temporary,
                shapely.to_wkb(layer.geometries),
                list(layer.fields.values()),
                list(layer.fields),
                layer=layer.name,
                driver="GPKG",
                geometry_type=kinds.pop() if len(kinds) == 1 else "Unknown",
                crs=layer.crs,
            )
        except (DataSourceError, DataLayerError, FeatureError) as error:
            raise WorkspaceError(f"{path} cannot be written ({error}). Is the disk full?") from error
