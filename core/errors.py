"""The errors that Patchwork raises on purpose: each says what was wrong, with the value, and what to do about it."""

from __future__ import annotations


class PatchworkError(Exception):
    """Something that the person can mend; the message is written for that person."""

    kind = "error"


class ParameterError(PatchworkError):
    """A parameter is missing or its value cannot be used; found before anything is done."""

    kind = "parameters"


class DataError(PatchworkError):
    """Imagery, a reference or another input file cannot be used."""

    kind = "data"


class WorkspaceError(PatchworkError):
    """The workspace cannot be used: it belongs to other settings, is held by another run, or cannot be written."""

    kind = "workspace"


class MissingStepError(WorkspaceError):
    """A step is asked for whose input has not been made yet."""

    kind = "missing step"


class ServiceError(PatchworkError):
    """A service refuses, or cannot be reached: nothing more is asked of it in this run."""

    kind = "service"


class MissingPackageError(PatchworkError):
    """The interpreter lacks a package, or is too old."""

    kind = "installation"
