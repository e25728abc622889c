"""Make a land-cover map of the built-in sample region, from nothing: python3 scripts/demo.py

Installs what is missing (QGIS with apt, the engine's packages with pip, below .build/), runs the algorithm
`patchwork:makemap` in QGIS and says where the map is. Where QGIS cannot be had, the engine makes the same map alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import machine
from machine import MachineError, say

WORKSPACE = machine.BUILD / "sample-map"
PATCH_SIZE = 2000  # m


def main() -> int:
    """Make the map and say where it is; 0 where it is there."""
    start = time.monotonic()
    with_qgis = _have_qgis()
    machine.install_packages(machine.ENGINE)
    if with_qgis:
        machine.install_plugin()
    say(f"Making the map of the sample region {'in QGIS' if with_qgis else 'with the engine alone'}.")
    outputs = _map_with_qgis() if with_qgis else _map_with_engine()
    results = {
        "map (GeoTIFF)": Path(outputs["MAP"]),
        "report (HTML)": Path(outputs["REPORT"]),
        "picture (PNG)": WORKSPACE / "map.png",
    }
    missing = [str(path) for path in results.values() if not path.is_file()]
    if missing:
        raise MachineError(f"The run ended well, and yet there is no {', '.join(missing)}.")
    print()
    say(f"Done in {time.monotonic() - start:.0f} s.")
    for name, path in results.items():
        print(f"  {name}  {path}")
    return 0


def _have_qgis() -> bool:
    try:
        machine.install_from_apt(machine.FOR_QGIS)
    except MachineError as error:
        say(f"QGIS cannot be installed here. {error}")
        say("The engine makes the same map without QGIS.")
        return False
    return True


def _map_with_qgis() -> dict[str, str]:
    values = {"SOURCE": "sample", "WORKSPACE": WORKSPACE, "PATCH_SIZE": PATCH_SIZE}
    arguments = [f"{name}={value}" for name, value in values.items()]
    command = [machine.qgis_process(), "run", "patchwork:makemap", "--", *arguments]
    code, printed = machine.run(command, machine.environment())
    _, _, results = printed.rpartition("\nResults\n")
    outputs = dict(re.findall(r"^([A-Z_]+):\t(.*)$", results, flags=re.MULTILINE))
    return _checked(code, outputs)


def _map_with_engine() -> dict[str, str]:
    options = ["--source", "sample", "--workspace", WORKSPACE, "--patch-size", str(PATCH_SIZE)]
    command = [machine.engine_python(), "-m", "patchwork.core", "makemap", *options]
    path = machine.search_path(machine.LAUNCHER, machine.ENGINE)
    environment = machine.environment(PYTHONPATH=path)
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, encoding="utf-8")
    return _checked(done.returncode, json.loads(done.stdout or "{}"))


def _checked(code: int, outputs: dict[str, str]) -> dict[str, str]:
    if code or not {"MAP", "REPORT"} <= outputs.keys():
        raise MachineError("The map was not made; the messages above say why.")
    return outputs


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MachineError as error:
        sys.exit(f"\n{error}")
    except KeyboardInterrupt:
        sys.exit(130)
