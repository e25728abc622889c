"""Run scripts/test.py on another Debian: sudo python3 scripts/test_debian.py SUITE [options for test.py]

SUITE is trixie, with QGIS 3.40, forky, with the QGIS of the next Debian, or any other that the mirror has.
Makes a Debian of its own below .build (about 4 GB, from the package mirror that this machine uses), in which
scripts/test.py installs what it needs. Works on Debian and Ubuntu, as root. What is mounted for the run is seen by the
run alone, and is gone with it, however it ends.
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import machine
from machine import BUILD, CHECKOUT, MachineError, say

FOR_SETUP = ("debootstrap", "debian-archive-keyring")
INCLUDED = ("python3", "ca-certificates")
NETWORK = ("resolv.conf", "hosts", "pip.conf", "ssl/certs/ca-certificates.crt")  # below /etc
MIRROR = "http://deb.debian.org/debian/"
NEWEST = "sid"  # debootstrap's way of setting up a Debian that is newer than itself, and all others of today
NO_SPACES = "/mnt"  # debootstrap wants a path without
PRIVATE = ("unshare", "--mount", "--pid", "--fork", "--kill-child")


def main(suite: str, options: Sequence[str]) -> None:
    """Become scripts/test.py, inside."""
    root = BUILD / suite / "root"
    if os.geteuid():
        raise MachineError("Only root can set up another Debian. Run: sudo python3 scripts/test_debian.py SUITE")
    if subprocess.run([*PRIVATE, "true"], capture_output=True).returncode:
        raise MachineError("This machine lets even root mount nothing. A container needs more rights: --privileged.")
    _set_up(suite, root)
    _hand_on_network(root)
    test = ["chroot", str(root), "python3", str(CHECKOUT / "scripts" / "test.py"), *options]
    inside = {name: value for name, value in os.environ.items() if name != "TMPDIR"}
    inside.update(PATCHWORK_REALDATA=str(_real_data()), HOME="/root")
    os.execvpe(PRIVATE[0], _in_private([*_mounts(root), test]), inside)


def _in_private(commands: Sequence[Sequence[str]]) -> list[str]:
    """A command that runs others where mounts are seen by them alone, until one fails."""
    # The shell stays as the first process, as it alone takes care of processes whose parents have ended.
    return [*PRIVATE, "sh", "-c", " && ".join(map(shlex.join, commands)) + "; exit $?"]


def _set_up(suite: str, root: Path) -> None:
    """Have Debian below .build, whole or not at all."""
    if root.exists():
        return
    machine.install_from_apt(FOR_SETUP)
    say(f"Setting up Debian ({suite}) in {root}.")
    part = root.with_name("root.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    debootstrap = [
        "debootstrap",
        "--variant=minbase",
        f"--include={','.join(INCLUDED)}",
        suite,
        NO_SPACES,
        _mirror(),
        NEWEST,
    ]
    commands = [["mount", "-t", "proc", "proc", "/proc"], ["mount", "--bind", str(part), NO_SPACES], debootstrap]
    code, _ = machine.run(_in_private(commands), dict(os.environ))
    if code:
        raise MachineError("debootstrap failed; what it says is above. It needs the network, and about 4 GB of disk.")
    part.rename(root)


def _mirror() -> str:
    """Where this machine gets Debian from, or where everybody can."""
    command = ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages", "Label: Debian"]
    return (subprocess.run(command, capture_output=True, text=True).stdout.split() or [MIRROR])[0]


def _hand_on_network(root: Path) -> None:
    """Names, proxies, certificates and package indexes are those of this machine."""
    for name in NETWORK:
        here, inside = Path("/etc", name), root / "etc" / name
        if here.exists():
            inside.unlink(missing_ok=True)
            shutil.copyfile(here, inside)
    settings = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout.splitlines(keepends=True)
    proxies = [line for line in settings if line.startswith("Acquire::http") and "proxy" in line.lower()]
    proxies += [line for line in settings if line.startswith("Acquire::Check-Valid-Until")]  # where a mirror is late
    (root / "etc/apt/apt.conf.d/proxies").write_text("".join(proxies), encoding="utf-8")


def _mounts(root: Path) -> list[list[str]]:
    """The commands that show, inside, the kernel, the checkout and the real data, under their own paths."""
    build = root.with_name("build")  # stands in for .build, whose packages are for this machine's Python
    build.mkdir(parents=True, exist_ok=True)
    mounts = [
        ["mount", "-t", "proc", "proc", _inside(root, Path("/proc"))],
        ["mount", "--rbind", "/dev", _inside(root, Path("/dev"))],
        ["mount", "--bind", str(CHECKOUT), _inside(root, CHECKOUT)],
        ["mount", "--bind", str(build), _inside(root, BUILD)],
    ]
    if _real_data().is_dir():
        mounts.append(["mount", "--bind", "-o", "ro", str(_real_data()), _inside(root, _real_data())])
    return mounts


def _inside(root: Path, path: Path) -> str:
    """The path below the other root, as a folder that is there."""
    inside = root / path.relative_to("/")
    inside.mkdir(parents=True, exist_ok=True)
    return str(inside)


def _real_data() -> Path:
    """Where tests/core and tests/qgis look for it."""
    return Path(os.environ.get("PATCHWORK_REALDATA", CHECKOUT.parent / "shared" / "realdata")).resolve()


if __name__ == "__main__":
    if len(sys.argv) < 2 or not sys.argv[1].isalpha():
        sys.exit(__doc__)
    try:
        main(sys.argv[1], sys.argv[2:])
    except MachineError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)
