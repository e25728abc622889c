"""The encoding of the texts of a shapefile, which it declares in a `.cpg` file, if at all."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..errors import DataError
from .vector_files import VectorFile

BYTES = "ISO-8859-1"  # a character for each byte
_UNDECLARED = "ISO-8859-1"  # GDAL's guess


def decoded(fields: Mapping[str, np.ndarray], encoding: str) -> dict[str, np.ndarray]:
    """The fields of a shapefile that was read as `BYTES` in their encoding; UnicodeDecodeError if it is another one.

    Python decodes them, since GDAL leaves out what it cannot decode.
    """

    def text(value: object) -> object:
        return value.encode(BYTES).decode(encoding) if isinstance(value, str) else value

    columns = [
        np.array([text(value) for value in column], dtype=object) if column.dtype == object else column
        for column in fields.values()
    ]
    return dict(zip([name.encode(BYTES).decode(encoding) for name in fields], columns, strict=True))


def wrong_encoding(source: str, file: VectorFile, given: str | None, error: UnicodeDecodeError | None) -> DataError:
    """The error that texts are not in the encoding that was given or is declared."""
    text = f" ({error.object.decode(BYTES)!r})" if error else ""
    if given:
        return DataError(f"ENCODING: {source} is not in {given}{text}. Set the right one, such as UTF-8 or cp1250.")
    cpg = _declared(file)
    said = f"{cpg} as its .cpg file says" if cpg else "UTF-8"
    return DataError(
        f"{source}: the texts are not in {said}{text}. Set ENCODING, such as cp1250 or cp1252, or correct the .cpg "
        "file."
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
            with path.with_suffix(suffix).open(encoding="latin-1") as cpg:
                return cpg.read(40).strip()
    return ""
