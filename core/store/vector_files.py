"""Which vector files are read: formats that hold their data themselves, found by their content.

GDAL opens whatever a file says that it is: under any name it may be a virtual layer (OGR VRT) of other files or of an
address. So the format is found here first, by the bytes that a file of the format begins with, and other files are not
passed to GDAL.
"""

from __future__ import annotations

import mmap
import os
import re
import shutil
import sqlite3
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from ..errors import DataError

SHAPEFILE = "ESRI Shapefile"
_FORMATS = "GeoPackage, shapefile, GeoJSON, FlatGeobuf, KML, file geodatabase (.gdb), or a zip of one"
_SUFFIXES = (".gpkg", ".shp", ".geojson", ".json", ".fgb", ".kml")
# A zip bomb of a few MB expands by a factor of 1000; attribute tables by 100 at most.
_MOST_UNZIPPED, _MOST_TIMES, _ALWAYS_UNZIPPED = 2 * 1024**3, 200, 64 * 1024**2
# The format as GDAL names it, by the first bytes.
_SIGNATURES = (
    (re.compile(rb"SQLite format 3\0.{52}GP(?:KG|1\d)", re.DOTALL), "GPKG"),
    (re.compile(rb"\0\0\x27\x0a"), SHAPEFILE),
    (re.compile(rb"fgb\x03fgb"), "FlatGeobuf"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*\{"), "GeoJSON"),
    (re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*\?>)?(?:\s|<!--.*?-->)*<kml[\s>]", re.DOTALL), "LIBKML"),
)
# What may make GDAL read another file or an address: in GeoJSON a CRS behind a link, also with escaped letters; in KML
# the marks of other XML formats.
_REDIRECTIONS = {
    "GeoJSON": re.compile(rb'"type"\s*:\s*"(?:link|url)"|\\u00(?:[46][1-9a-f]|[57][0-9a])', re.IGNORECASE),
    "LIBKML": re.compile(rb"<OGR|opengis\.net/gml|Product_Observational", re.IGNORECASE),
}
_TABLES = "SELECT type, name, sql FROM sqlite_master"
_HARMLESS_MODULES = re.compile(
    r"CREATE\s+VIRTUAL\s+TABLE\s.*\sUSING\s+(?:rtree|rtree_i32|fts3|fts4|fts5)\b", re.I | re.S
)


@dataclass(frozen=True)
class VectorFile:
    """A vector file: the name that the user knows, the path for GDAL, its format as GDAL names it."""

    name: str
    gdal_path: str
    driver: str


@contextmanager
def open_vector_file(path: str) -> Iterator[VectorFile]:
    """The file at a path, in a zip too: `x.zip`, or `/vsizip/x.zip/folder/y.shp` for one of several in it.

    Raises DataError if it is missing, in another format, or refers to other files.
    """
    archive, member = _in_zip(path)
    if archive is None and not re.search("[!;]", str(Path(path).absolute())):
        yield _known(Path(path), path)
        return
    with TemporaryDirectory(prefix="patchwork-") as folder:
        if archive is None:
            yield _known(_copied(Path(path), Path(folder)), path)
        else:
            yield _known(_unzipped(archive, member, Path(folder)), path)


def _in_zip(path: str) -> tuple[Path | None, str]:
    """The zip file of a path, None where there is none, and the member that the path names, empty for all."""
    if not path.startswith("/vsi"):
        file = Path(path)
        is_zip = file.suffix.lower() in (".zip", ".kmz", ".shz") and os.path.isfile(file)
        return (file if is_zip else None), ""
    inner = path.removeprefix("/vsizip/").replace("{", "").replace("}", "")
    if path.startswith("/vsizip/") and not inner.startswith("/vsi"):
        candidates = [Path(inner), *Path(inner).parents]
        for file in candidates:
            if os.path.isfile(file):
                return file, "" if file == Path(inner) else Path(inner).relative_to(file).as_posix()
        raise DataError(f"There is no file {inner}.")
    raise DataError(f"{path} is not a file on this computer. Download it and set its path.")


def _unzipped(archive: Path, member: str, folder: Path) -> Path:
    """The vector file of a zip with the files beside it, extracted to a folder."""
    try:
        with zipfile.ZipFile(archive) as file:
            members = [info for info in file.infolist() if not info.is_dir() and _is_visible(info.filename)]
            chosen = _chosen(archive, member.strip("/"), [info.filename for info in members])
            stem = chosen.rpartition(".")[0].lower()
            wanted = [info for info in members if info.filename.lower().startswith(f"{stem}.")]
            size = sum(info.file_size for info in wanted)
            if size > _MOST_UNZIPPED or size > max(_MOST_TIMES * archive.stat().st_size, _ALWAYS_UNZIPPED):
                raise DataError(
                    f"{archive} has {archive.stat().st_size / 1e6:,.1f} MB, and {size / 1e6:,.0f} MB when unpacked. If "
                    "this is right, unpack it and set the path of the file."
                )
            for info in wanted:
                with file.open(info) as packed, (folder / _file_name(info.filename)).open("wb") as unpacked:
                    shutil.copyfileobj(packed, unpacked)
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError, ValueError) as error:
        raise DataError(f"{archive} cannot be unpacked ({error}). Unpack it and set the path of the file.") from error
    return folder / _file_name(chosen)


def _file_name(member: str) -> str:
    """The name of a member without its folders, and without characters that lead elsewhere on some system."""
    return re.sub(r"[^\w .-]", "_", PurePosixPath(member).name)


def _copied(path: Path, folder: Path) -> Path:
    """A copy of a file with the files beside it: pyogrio takes `!` and `;` in a path for marks of its own."""
    if not os.path.isfile(path):
        return path
    for each in path.parent.iterdir():
        if each.is_file() and each.stem == path.stem:
            shutil.copyfile(each, folder / f"layer{each.suffix}")
    return folder / f"layer{path.suffix}"


def _is_visible(name: str) -> bool:
    return not name.startswith("__MACOSX/") and not PurePosixPath(name).name.startswith(".")


def _chosen(archive: Path, member: str, names: list[str]) -> str:
    found = [name for name in names if PurePosixPath(name).suffix.lower() in _SUFFIXES]
    if member:
        found = [name for name in found if name == member or name.startswith(f"{member}/")]
    if not found:
        where = f"{archive}/{member}" if member else str(archive)
        raise DataError(f"{where} holds no vector file. These can be read: {_FORMATS}.")
    if len(found) > 1:
        raise DataError(
            f"{archive} holds {len(found)} vector files: {', '.join(sorted(found)[:20])}. Choose one, as in "
            f"/vsizip/{archive.as_posix()}/{sorted(found)[0]}."
        )
    return found[0]


def _known(path: Path, name: str) -> VectorFile:
    if not os.path.exists(path):  # unlike Path.exists, false too for a text that cannot be a path
        raise DataError(f"There is no file {name}.")
    if path.is_dir():
        if path.suffix.lower() == ".gdb":
            return VectorFile(name, str(path), "OpenFileGDB")
        raise DataError(f"{name} is a folder. Set the path of a vector file in it.")
    driver = _driver(path, name)
    if driver == "GPKG":
        _refuse_foreign_tables(path, name)
    # GDAL tries the drivers in its own order; with the prefix no other one takes the file.
    return VectorFile(name, f"GeoJSON:{path.absolute()}" if driver == "GeoJSON" else str(path.absolute()), driver)


def _driver(path: Path, name: str) -> str:
    """The format by content; DataError if it is not one that is read."""
    if not path.is_file() or path.stat().st_size == 0:
        raise DataError(f"{name} cannot be read as a vector layer (it is empty).")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        found = next((driver for signature, driver in _SIGNATURES if signature.match(content)), None)
        match = _REDIRECTIONS[found].search(content) if found in _REDIRECTIONS else None
        redirection = content[match.start() : match.end()].decode(errors="replace") if match else ""
    suffix = path.suffix.lower()
    if found is None or (found == "LIBKML") != (suffix == ".kml") or (found == SHAPEFILE) != (suffix == ".shp"):
        raise DataError(
            f"{name} cannot be read as a vector layer (its content is none of the formats that are read: {_FORMATS}). "
            "Save it as a GeoPackage (in QGIS: Export > Save Features As)."
        )
    if redirection:
        raise DataError(
            f"{name} cannot be read as a vector layer: it may refer to other files or addresses ({redirection}). Save "
            "it as a GeoPackage (in QGIS: Export > Save Features As)."
        )
    return found


def _refuse_foreign_tables(path: Path, name: str) -> None:
    """Raise DataError if a GeoPackage has tables or views that reach beyond the file by functions or modules."""
    try:
        with closing(_opened(path)) as base:
            base.execute("PRAGMA trusted_schema = OFF")
            for kind, table, statement in base.execute(_TABLES).fetchall():
                if re.match(r"\s*CREATE\s+VIRTUAL", statement or "", re.I) and not _HARMLESS_MODULES.match(statement):
                    raise DataError(f"{name} has a virtual table {table!r}, which may refer to other files. Remove it.")
                if kind in ("table", "view"):
                    _refuse_foreign_functions(base, table, name)
    except sqlite3.Error as error:
        raise DataError(f"{name} cannot be read as a vector layer ({error}).") from error


def _opened(path: Path) -> sqlite3.Connection:
    """The database, to be read only; in a folder without write access as one that nobody writes to."""
    base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)
    try:
        base.execute(_TABLES)
    except sqlite3.OperationalError:
        base.close()
        base = sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro&immutable=1", uri=True)
    return base


def _refuse_foreign_functions(base: sqlite3.Connection, table: str, name: str) -> None:
    """Raise DataError if a view needs functions that SQLite itself has not, such as those of GDAL."""
    quoted = table.replace('"', '""')
    try:
        base.execute(f'EXPLAIN SELECT * FROM "{quoted}"')  # a name cannot be a parameter  # nosec B608
    except sqlite3.OperationalError as error:
        if "function" in str(error) or "unsafe" in str(error):
            raise DataError(f"{name} has a view {table!r} that cannot be read ({error}). Remove it.") from error
