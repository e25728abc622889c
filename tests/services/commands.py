"""The engine's command line, called in the process of the tests, and the processes it starts."""

import contextlib
import io
import json
import signal
from pathlib import Path
from types import SimpleNamespace

from patchwork.core.__main__ import main


def attempt(*arguments):
    """Run an operation: exit status, standard output and standard error."""
    out, err = io.StringIO(), io.StringIO()
    before = signal.getsignal(signal.SIGTERM)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as end:  # argparse
            status = end.code
    signal.signal(signal.SIGTERM, before)
    return SimpleNamespace(status=status, out=out.getvalue(), said=err.getvalue())


def run(*arguments):
    """Run an operation that must succeed: its outputs and standard error."""
    done = attempt(*arguments)
    assert done.status == 0, done.said
    return SimpleNamespace(outputs=json.loads(done.out), said=done.said)


def processes_of(group):
    """The processes of a group that still live, from /proc."""
    alive = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and fields[0] not in "ZX":
                alive.append(int(stat.parent.name))
    return alive
