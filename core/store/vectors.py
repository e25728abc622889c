"""Reading and writing vector layers as arrays of geometries and attributes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyogrio
import shapely
from pyogrio.errors import CRSError, DataLayerError, DataSourceError, FeatureError

from ..errors import DataError, ParameterError, WorkspaceError
from ..grid.crs import is_georeferenced, on_earth
from ..vocabulary.plurals import counted
from .files import written_whole
from .vector_files import SHAPEFILE, VectorFile, open_vector_file
from .vector_texts import BYTES, decoded, encoding_note, wrong_encoding

_OF_SEVERAL_LAYERS = ("GPKG", "LIBKML", "OpenFileGDB")
_MOST_LISTED = 10


@dataclass(frozen=True)
class VectorLayer:
    """Geometries (n,) with their attributes, each (n,), and their CRS (empty where it is missing or undefined).

    `notes` say for the user what was dropped or may be wrong. `ids` (n,) are the feature ids of a layer that was read.
    """

    name: str
    geometries: np.ndarray
    fields: Mapping[str, np.ndarray]
    crs: str
    notes: tuple[str, ...] = ()
    ids: np.ndarray = field(default_factory=lambda: np.empty(0, dtype=np.int64))


def read_vector(
    source: str, *, class_field: str | None = None, encoding: str | None = None, any_shape: bool = False
) -> VectorLayer:
    """A layer of a vector file, `file.gpkg|layername=…` for one of several; broken geometries are dropped.

    Of several layers it is the only one that has the class field, or that has polygons unless `any_shape`. `encoding`
    is that of the texts of a shapefile, by default what the file declares. Raises DataError if the file is missing, is
    not a vector file that is read, or has no such layer, or several; ParameterError for an unknown encoding.
    """
    _check_encoding(encoding)
    path, layer = _parts(source)
    with open_vector_file(path) as file, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        given = encoding if file.driver == SHAPEFILE else None
        try:
            chosen = layer if layer is not None else _only_layer(file, class_field, any_shape)
            meta, ids, wkb, columns = _read(file, chosen, BYTES if given else None)
            fields = {str(name): column for name, column in zip(meta["fields"], columns, strict=True)}
            fields = decoded(fields, given) if given else fields
        except (DataSourceError, DataLayerError, FeatureError, CRSError) as error:
            raise DataError(f"{source} cannot be read as a vector layer ({error}).") from error
        except UnicodeDecodeError as error:
            raise wrong_encoding(source, file, given, error) from error
        if any("couldn't be converted" in str(warning.message) for warning in warned):
            raise wrong_encoding(source, file, given, None)
        note = encoding_note(file, meta["encoding"], fields) if file.driver == SHAPEFILE and not given else None
    if wkb is None:
        raise DataError(f"{source} is a table without geometries. Choose a layer of polygons.")
    crs = meta["crs"] if meta["crs"] and is_georeferenced(meta["crs"]) else ""
    with np.errstate(invalid="ignore"):  # coordinates that are not numbers
        geometries = shapely.from_wkb(wkb, on_invalid="fix")
    sound = _sound(geometries, crs)
    notes = (*_dropped(ids[~sound]), *([note] if note else []))
    name = str(chosen) if layer is not None else Path(path).stem
    columns = {key: column[sound] for key, column in fields.items()}
    return VectorLayer(name, geometries[sound], columns, crs, notes, ids[sound])


def _parts(source: str) -> tuple[str, str | int | None]:
    """The file and the layer (name or number) of a source as QGIS writes it; DataError for other options."""
    path, *options = source.split("|")
    layer: str | int | None = None
    for option in options:
        key, _, value = option.partition("=")
        if key.lower() == "layername" and value:
            layer = value
        elif key.lower() == "layerid" and value.isdigit():
            layer = int(value)
        else:
            raise DataError(f"{source}: the option {option!r} is not supported. Write FILE|layername=NAME.")
    return path, layer


def _check_encoding(encoding: str | None) -> None:
    try:
        b" ".decode(encoding or "utf-8")
    except (LookupError, ValueError) as error:
        raise ParameterError(f"ENCODING: {encoding!r} is unknown. Use one such as UTF-8 or cp1250.") from error


def _only_layer(file: VectorFile, class_field: str | None, any_shape: bool) -> str | int:
    """The layer to read where none is named; DataError with the list if it could be several."""
    if file.driver not in _OF_SEVERAL_LAYERS:
        return 0
    layers = {str(name): kind for name, kind in pyogrio.list_layers(file.gdal_path)}
    if len(layers) < 2:
        return 0
    found = [name for name, kind in layers.items() if kind is not None] or list(layers)
    if class_field and len(found) > 1:
        found = [each for each in found if class_field in _fields(file, each)] or found
    if len(found) > 1 and not any_shape:
        found = [each for each in found if "Polygon" in str(layers[each]) or "Surface" in str(layers[each])] or found
    if len(found) > 1:
        raise DataError(
            f"{file.name} has {len(layers)} layers: {', '.join(layers)}. Choose one, as in "
            f"{file.name}|layername={found[0]}."
        )
    return found[0]


def _fields(file: VectorFile, layer: str) -> list[str]:
    return [str(name) for name in pyogrio.read_info(file.gdal_path, layer=layer)["fields"]]


def _read(file: VectorFile, layer: str | int, encoding: str | None) -> tuple[Any, ...]:
    """Metadata, feature ids, WKB and columns of a layer."""
    if file.driver in _OF_SEVERAL_LAYERS:
        driver = pyogrio.read_info(file.gdal_path, layer=layer)["driver"]
        if driver != file.driver and not (driver == "KML" and file.driver == "LIBKML"):
            raise DataError(f"{file.name} cannot be read as a vector layer (GDAL opens it as {driver}).")
    found: tuple[Any, ...] = pyogrio.raw.read(
        file.gdal_path, layer=layer, force_2d=True, return_fids=True, encoding=encoding
    )
    return found


def _sound(geometries: np.ndarray, crs: str) -> np.ndarray:
    """(n,) bool: the geometries that are not empty, with finite coordinates on the Earth."""
    sound: np.ndarray = ~(shapely.is_missing(geometries) | shapely.is_empty(geometries))
    coordinates, owners = shapely.get_coordinates(geometries, return_index=True)
    sound[owners[~np.isfinite(coordinates).all(axis=1)]] = False
    if crs and sound.any():
        sound[sound] = on_earth(geometries[sound], crs)
    return sound


def _dropped(ids: np.ndarray) -> list[str]:
    if not len(ids):
        return []
    listed = ", ".join(map(str, ids[:_MOST_LISTED].tolist()))
    more = f" and {len(ids) - _MOST_LISTED:,} more" if len(ids) > _MOST_LISTED else ""
    return [
        f"{counted(len(ids), 'feature')} dropped, since the geometry is missing, cannot be read, or has coordinates "
        f"that are infinite or not on the Earth: feature {'id' if len(ids) == 1 else 'ids'} {listed}{more}."
    ]


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
