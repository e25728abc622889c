"""The encoding of the texts of a shapefile, which it declares in a `.cpg` file, if at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import DataError
from .vector_files import VectorFile

_UNDECLARED = "ISO-8859-1"  # GDAL's guess


def wrong_encoding(source: str, file: VectorFile, given: str | None, error: UnicodeDecodeError) -> DataError:
    """The error that texts are not in the encoding that was given or is declared."""
    text = error.object.decode("latin-1")
    if given:
        return DataError(
            f"ENCODING: {source} is not in {given} ({text!r}). Set the right one, such as UTF-8 or cp1250."
        )
    cpg = _declared(file)
    said = f"its .cpg file says {cpg}" if cpg else f"as {error.encoding}"
    return DataError(
        f"{source}: the texts cannot be read, {said}, which {text!r} is not. Set ENCODING, such as cp1250 or "
        "cp1252, or correct the .cpg file."
    )


def encoding_note(file: VectorFile, encoding: str, fields: Mapping[str, np.ndarray]) -> str | None:
    """What may be wrong with texts that are not ASCII; None where nothing is known to be."""
    texts = [*fields, *(text for column in fields.values() if column.dtype == object for text in column)]
    foreign = [text for text in texts if isinstance(text, str) and not text.isascii()]
    if not foreign:
        return None
    utf_8 = [text for text in foreign if _is_utf_8(text)]
    if utf_8:
        return (
            f"The texts of {file.name} look like UTF-8 that is read as another encoding ({utf_8[0]!r}). Set ENCODING "
            "to UTF-8, or correct the .cpg file."
        )
    if encoding == _UNDECLARED:
        return (
            f"{file.name} does not declare the encoding of its texts (no valid .cpg file); {foreign[0]!r} is read as "
            f"{_UNDECLARED}. If this looks wrong, set ENCODING, such as cp1250."
        )
    return None


def _is_utf_8(text: str) -> bool:
    """Whether a text is UTF-8 that was decoded as a western encoding."""
    for encoding in ("cp1252", "latin-1"):
        try:
            text.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return True
    return False


def _declared(file: VectorFile) -> str:
    path = Path(file.gdal_path)
    for suffix in (".cpg", ".CPG"):
        if path.with_suffix(suffix).is_file():
            return path.with_suffix(suffix).read_text(encoding="latin-1")[:40].strip()
    return ""
