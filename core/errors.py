"""Errors that Patchwork raises: the message says what is wrong, with the value, and what to do about it."""

from __future__ import annotations


class PatchworkError(Exception):
    """A problem that the user can fix; the message is shown to the user."""

    kind = "error"


class ParameterError(PatchworkError):
    """A parameter is missing or invalid."""

    kind = "parameters"


class DataError(PatchworkError):
    """Imagery, a reference or another input cannot be used."""

    kind = "data"


class WorkspaceError(PatchworkError):
    """The workspace cannot be used: it was made with other settings, is locked by another run, or cannot be written."""

    kind = "workspace"


class MissingStepError(WorkspaceError):
    """The input of an operation does not exist yet: an earlier operation has to run first."""

    kind = "missing step"


class ServiceError(PatchworkError):
    """A service refuses a request or cannot be reached; the run sends no more requests to it."""

    kind = "service"


class MissingPackageError(PatchworkError):
    """A Python package is missing, or the interpreter is too old."""

    kind = "installation"
