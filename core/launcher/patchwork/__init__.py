"""`import patchwork` from a checkout, whatever its folder is called: with this file's parent on PYTHONPATH, the package
is the repository's root. Installed copies and QGIS do not need it."""

from pathlib import Path

__path__ = [str(Path(__file__).resolve().parents[3])]
