"""The options of the command line, with their help, from the declarations of the operations. Standard library only."""

from __future__ import annotations

import argparse
from itertools import groupby
from typing import Any, NoReturn

from .errors import ParameterError
from .operations import OPERATIONS, destinations_of
from .parameters import Declared, Operation, declared
from .versions import patchwork_version


def parse(given: list[str]) -> tuple[Operation, dict[str, Any]]:
    """The operation and the options given for it: parameters, copies of outputs, `json` and `from_input`.

    Prints help or the version and exits where these are asked for. Raises ParameterError for wrong options.
    """
    operation = OPERATIONS[_main_parser().parse_args(given[:1] or ["--help"]).operation]
    options = vars(_operation_parser(operation).parse_args(_with_joined_values(given[1:])))
    return operation, {name: value for name, value in options.items() if value is not None}


class _Parser(argparse.ArgumentParser):
    """Raises wrong options as ParameterError."""

    def error(self, message: str) -> NoReturn:
        raise ParameterError(f"{message[:1].upper()}{message[1:]}. See {self.prog} --help.")


def _main_parser() -> argparse.ArgumentParser:
    parser = _Parser(
        "patchwork",
        usage="patchwork OPERATION [--parameter value ...]",
        description="Make land-cover maps from Sentinel-2 time series.",
        epilog=f"{_listed_operations()}\n\npatchwork OPERATION --help lists the parameters of an operation.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("operation", choices=list(OPERATIONS), metavar="OPERATION", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version=f"Patchwork {patchwork_version()}")
    return parser


def _listed_operations() -> str:
    """The operations with their labels, by group; the digit of a group is for sorting only."""
    ordered = sorted(OPERATIONS.values(), key=lambda operation: operation.group)
    return "\n\n".join(
        "\n".join([f"{group.lstrip('0123456789 ')}:", *(f"  {each.name:22}{each.label}" for each in operations)])
        for group, operations in groupby(ordered, key=lambda operation: operation.group)
    )


def _operation_parser(operation: Operation) -> argparse.ArgumentParser:
    prog = f"patchwork {operation.name}"
    parser = _Parser(prog, usage=f"{prog} [--parameter value ...]", description=operation.summary, allow_abbrev=False)
    parameters = declared(operation.parameters)
    common = parser.add_argument_group("parameters")
    advanced = parser.add_argument_group("advanced parameters")
    for parameter in parameters:
        group = advanced if parameter.kind.advanced else common
        group.add_argument(
            _option(parameter.name), dest=parameter.name, metavar="VALUE", help=_help(parameter).replace("%", "%%")
        )
    copies = parser.add_argument_group("copies of outputs")
    for name, output in destinations_of(operation).items():
        if name not in {parameter.name for parameter in parameters}:
            copies.add_argument(_option(name), dest=name, help=f"Copy of the output {output.label}.", metavar="FILE")
    parser.add_argument("--json", action="store_true", help="write JSON lines to standard output, for programs")
    parser.add_argument(
        "--parameters",
        dest="from_input",
        choices=["-"],
        metavar="-",
        help="read the parameters as one line of JSON from standard input",
    )
    return parser


def _help(parameter: Declared) -> str:
    kind = parameter.kind
    default = "" if parameter.default is None else f"Default: {kind.text(parameter.default)}"
    parts = [kind.label, kind.help, kind.allowed_values(), "Required" if parameter.required else default]
    return " ".join(f"{part.rstrip('.')}." for part in parts if part)


def _option(name: str) -> str:
    return f"--{name.replace('_', '-')}"


def _with_joined_values(given: list[str]) -> list[str]:
    """`--area -60,…` as `--area=-60,…`: argparse takes a value that begins with a minus sign for an option."""
    joined: list[str] = []
    for text in given:
        is_value = text.startswith("-") and not text.startswith("--") and text != "-h"
        if is_value and joined and joined[-1].startswith("--") and "=" not in joined[-1]:
            joined[-1] += f"={text}"
        else:
            joined.append(text)
    return joined
