"""The engine. `python -m patchwork.core` may run in a folder from a stranger: Python must not import from it."""

import sys as _sys

if getattr(_sys, "argv", [])[:1] == ["-m"] and not getattr(_sys.flags, "safe_path", False):
    # `-m` has put the working folder first. The launcher finds the package where only that folder did.
    _sys.path[0] = __path__[0] + "/launcher"
