"""The files of one Sentinel-2 product, a folder or a zip from a stranger: bounded, and none outside the product."""

from __future__ import annotations

import re
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from xml.etree import ElementTree  # see parse  # nosec B405

from ....errors import DataError
from ..listing import is_hidden

_MOST_METADATA = 16 << 20  # bytes; metadata of a tile have 1 MB
_MOST_IMAGE = 2 << 30  # bytes; an image has 150 MB
_MOST_RATIO = 200  # JPEG 2000 is compressed already
_CHUNK = 4096
_AGAIN = "Download the product again."


class ProductFiles:
    """The files of a product by their path in it."""

    def __init__(self, path: Path) -> None:
        """DataError if it is a zip that cannot be opened, or does not hold one product with plausible members."""
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        if path.is_dir():
            names = [file.relative_to(path).as_posix() for file in path.rglob("*") if file.is_file()]
        else:
            self._zip = _opened(path)
            names = [info.filename for info in self._zip.infolist() if not info.is_dir()]
        names = [name for name in names if not _is_hidden(name)]
        self._root = "" if self._zip is None else _root(path, names)
        nested = {
            found[0] for found in (re.match(r"[^/]+\.SAFE/", name.removeprefix(self._root)) for name in names) if found
        }
        if len(nested) == 1:  # X.SAFE/X.SAFE, as Windows unpacks X.SAFE.zip
            self._root += nested.pop()
        self.names = sorted(name.removeprefix(self._root) for name in names if name.startswith(self._root))

    @property
    def product_name(self) -> str:
        """The name of the .SAFE folder."""
        return PurePosixPath(self._root).name or self._path.name

    def read(self, name: str) -> bytes:
        """The content of a file of metadata; DataError if it cannot be read or is too large."""
        try:
            if self._zip is None:
                file = self._path / self._root / name
                size = file.stat().st_size
            else:
                member = self._zip.getinfo(self._root + name)
                size = member.file_size
            if size > _MOST_METADATA:
                raise DataError(f"{self._path.name}: {name} has {size >> 20} MB, unlike the metadata of Sentinel-2.")
            return file.read_bytes() if self._zip is None else self._zip.read(member)
        except (OSError, zipfile.BadZipFile, zlib.error, RuntimeError) as error:  # RuntimeError: encrypted
            raise DataError(f"{self._path.name}: {name} cannot be read. {_AGAIN}") from error

    def for_gdal(self, name: str) -> str:
        """The path by which GDAL opens a file; braces allow any characters in a zip's path."""
        absolute = self._path.resolve()
        return str(absolute / self._root / name) if self._zip is None else f"/vsizip/{{{absolute}}}/{self._root}{name}"


def parse(path: Path, name: str, text: bytes) -> ElementTree.Element:
    """The root of an XML file; DataError if it has a document type, which can hold entities, or is not XML."""
    parser = ElementTree.XMLParser(target=_WithoutDocumentType())  # nosec B314
    try:
        for start in range(0, len(text), _CHUNK):  # it is refused before what follows is read
            parser.feed(text[start : start + _CHUNK])
        root: ElementTree.Element = parser.close()
    except _DocumentTypeError:
        raise DataError(f"{path.name}: {name} has a document type, unlike the metadata of Sentinel-2.") from None
    except (ElementTree.ParseError, LookupError, ValueError) as error:
        raise DataError(f"{path.name}: {name} is cut short or not XML ({error}). Download it again.") from error
    return root


class _DocumentTypeError(Exception):
    """An XML file declares a document type."""


class _WithoutDocumentType(ElementTree.TreeBuilder):
    def doctype(self, *declaration: str | None) -> None:
        """Called by the parser, whatever the encoding of the file."""
        raise _DocumentTypeError


def _opened(path: Path) -> zipfile.ZipFile:
    """The zip; DataError if it is none, or has members that lie outside or grow endlessly."""
    try:
        opened = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, NotImplementedError) as error:
        raise DataError(f"{path.name}: cannot be opened; it is cut short or not a zip. Download it again.") from error
    for member in opened.infolist():
        parts = re.split(r"[/\\]", member.filename)
        if ".." in parts or not parts[0] or ":" in parts[0]:
            raise DataError(f"{path.name}: {member.filename!r} lies outside the product. {_AGAIN}")
        if member.file_size > min(_MOST_IMAGE, _MOST_RATIO * member.compress_size + _MOST_METADATA):
            raise DataError(
                f"{path.name}: {member.filename} would grow from {member.compress_size:,} to {member.file_size:,} "
                f"bytes, unlike the files of Sentinel-2. {_AGAIN}"
            )
    return opened


def _root(path: Path, names: list[str]) -> str:
    roots = {name.split(".SAFE/")[0] for name in names if ".SAFE/" in name}
    if len(roots) != 1:
        raise DataError(f"{path.name}: holds {len(roots)} products (.SAFE). A zip must hold one product.")
    return f"{roots.pop()}.SAFE/"


def _is_hidden(name: str) -> bool:
    """Whether it is one of the files that systems put beside others, or in a folder of these."""
    return any(map(is_hidden, name.split("/")))
