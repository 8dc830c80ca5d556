"""The command line.

Only the grammar stands here, and nothing heavy is imported for it: `paingate --help` answers at once.  What a command
does is a function of the module that its parser names, imported when the command runs.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

from adapter.output import CannotWrite, flush, let_go, say

if TYPE_CHECKING:
    from collections.abc import Sequence

FILES = (
    "files, folders (.json and .ndjson, each also .gz) or - for standard input, which is also read when none is named"
)
SITE = "the folder of a site that does some of it differently (default PAINGATE_SITE, where that is set)"
CONFIG = "the settings file (default paingate.toml, where there is one)"
JSON = "what is told, as one JSON document a line"
WORKER = "what the worker is called; no two that run are called the same (default this machine's name)"
PARTNER = "the partner's name in the settings"
STATES = ("pending", "delivered", "refused", "superseded", "cancelled")  # as ROLES
# settings would have to be loaded for them; a test holds them equal
ROLES = ("reader", "clinician", "operator", "administrator")
STOPPED_BY_HAND = 130  # what a shell expects of a command that Ctrl-C ended


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; the exit code: 0 all well, 1 some input refused, 2 usage."""
    grammar = parser()
    try:
        arguments = grammar.parse_args(argv)
        if arguments.runs is None:
            arguments.parser.print_help(sys.stderr)
            return 2
        module, function = arguments.runs.split(":")
        code: int = getattr(import_module(module), function)(arguments)
        flush()
    except BrokenPipeError:
        let_go(sys.stdout)  # the reader (head, say) has gone, and that is its right
        return 1
    except CannotWrite as trouble:
        sys.stderr.write(f"paingate: {trouble}\n")
        return 1
    except KeyboardInterrupt:
        return STOPPED_BY_HAND
    return code


def parser() -> argparse.ArgumentParser:
    """The grammar of the command line; README's table of commands is held to it."""
    top = argparse.ArgumentParser(
        prog="paingate", description="A pain clinic's records as FHIR R4: takes referrals in and pushes plans out."
    )
    top.add_argument("--version", action=_Version, nargs=0, help="show the version and exit")
    top.set_defaults(runs=None, parser=top)
    commands = top.add_subparsers(title="commands", metavar="COMMAND")

    _command(commands, "demo", "adapter.demo:run", "the whole loop on this machine, against a second EHR")

    serve = _command(commands, "serve", "adapter.cli.serve:serve", "the service: FHIR API, clinic API, delivery")
    serve.add_argument("--host", metavar="ADDRESS", help="the address to listen on (default 127.0.0.1)")
    serve.add_argument("--port", type=int, help="the port to listen on (default 8080)")
    serve.add_argument("--name", help=WORKER)
    _takes_database(serve)

    worker = _command(commands, "worker", "adapter.cli.worker:run", "another process that delivers, for several hosts")
    worker.add_argument("--name", help=WORKER)
    _takes_database(worker)

    pushes = _command(commands, "push", "adapter.cli.deliveries:push", "a plan to a partner now, or what would be sent")
    pushes.add_argument(
        "record", metavar="RECORD", help="the file with the care plan record, or the id of a stored plan"
    )
    pushes.add_argument("--to", metavar="PARTNER", required=True, help=PARTNER)
    pushes.add_argument("--dry-run", action="store_true", help="only say what would be sent, which way, and why")
    _takes_database(pushes, json=True)

    brought = commands.add_parser(
        "deliveries", help="what goes to partners, and what came of it",
        description="What goes to partners, and what came of it.",
    )  # fmt: skip
    alone = {"state": None, "partner": None, "json": False, "config": None, "database_url": None}
    brought.set_defaults(parser=brought, runs="adapter.cli.deliveries:listed", **alone)  # without an action: the list
    deeds = brought.add_subparsers(title="actions", metavar="ACTION")
    lists = _command(deeds, "list", "adapter.cli.deliveries:listed", "every delivery, the last changed first")
    lists.add_argument("--state", choices=STATES, help="only those in this state")
    lists.add_argument("--partner", metavar="NAME", help="only those to this partner")
    _takes_database(lists, json=True)
    for name, metavar, says in (
        ("show", "ID", "all that is known of one delivery"),
        ("cancel", "ID", "do not send it, or do not try again"),
        ("verify", "PLAN", "what each partner holds of a plan, by element"),
    ):
        deed = _command(deeds, name, f"adapter.cli.deliveries:{name}", says)
        deed.add_argument(metavar.lower(), metavar=metavar)
        _takes_database(deed, json=True)

    again = _command(commands, "replay", "adapter.cli.deliveries:replay", "refused and cancelled deliveries again")
    again.add_argument("ids", nargs="*", metavar="ID", help="the deliveries")
    again.add_argument("--to", metavar="PARTNER", help=PARTNER)
    _takes_database(again, json=True)

    tokens = commands.add_parser(
        "token", help="the clinic API's own tokens", description="The clinic API's own tokens."
    )
    tokens.set_defaults(parser=tokens)
    actions = tokens.add_subparsers(title="actions", metavar="ACTION")
    new = _command(
        actions, "new", "adapter.cli.token:new", "a token for the clinic API, and the hash of it to configure"
    )
    new.add_argument("role", choices=ROLES, help="what its holder may: read, decide, or see to it that plans arrive")

    partners = commands.add_parser(
        "partners", help="the partners that are configured", description="The partners that are configured."
    )
    partners.set_defaults(parser=partners)
    looks = partners.add_subparsers(title="actions", metavar="ACTION")
    _takes_settings(_command(looks, "list", "adapter.cli.partners:listed", "whom something goes to, and what"))
    checks = _command(looks, "check", "adapter.cli.partners:check", "what works between us and a partner, step by step")
    checks.add_argument("name", metavar="NAME", help="the partner's name in the settings")
    checks.add_argument("--write", action="store_true", help="also send a plan of nobody to $validate there")
    _takes_settings(checks)

    mapping = commands.add_parser(
        "map", help="FHIR to clinic records, and back", description="FHIR to clinic records, and back."
    )
    mapping.set_defaults(parser=mapping)
    directions = mapping.add_subparsers(title="directions", metavar="DIRECTION")

    reads = _command(directions, "from-fhir", "adapter.cli.convert:from_fhir", "FHIR to clinic records, one a line")
    _takes_files(reads)
    reads.add_argument(
        "--strict", action="store_true", help="refuse what holds anything that the record does not carry"
    )

    writes = _command(
        directions, "to-fhir", "adapter.cli.convert:to_fhir", "clinic records to FHIR, one resource a line"
    )
    _takes_files(writes)
    shape = writes.add_mutually_exclusive_group()
    shape.add_argument("--onto", metavar="FHIR", help="change this FHIR file only where the one record says so")
    shape.add_argument("--bundle", action="store_true", help="a transaction Bundle instead of one resource")

    letters = _command(commands, "plan-pdf", "adapter.cli.plan_pdf:run", "a care plan as the letter that is sent of it")
    letters.add_argument("plan", metavar="PLAN", help="the file with the care plan record")
    letters.add_argument("out", metavar="PDF", help="the file to write")
    letters.add_argument(
        "--beside", nargs="+", default=[], metavar="FILE", help="records of the patient, prescriptions, assessments"
    )
    letters.add_argument("--config", type=Path, metavar="FILE", help=CONFIG)

    trips = _command(
        commands, "roundtrip", "adapter.cli.roundtrip:roundtrip", "FHIR to a record and back: what changed"
    )
    _takes_files(trips)
    trips.add_argument(
        "--strict", action="store_true", help="refuse what holds anything that the record does not carry"
    )

    judges = _command(
        commands, "validate", "adapter.cli.validate:validate", "is it valid R4, or a sound record, and how to mend it"
    )
    _takes_files(judges, values=False)

    lints = _command(commands, "lint", "adapter.cli.lint:lint", "what is wrong with the mappings, or a site of theirs")
    lints.add_argument("site", nargs="?", metavar="SITE", help=SITE)
    lints.add_argument("--json", action="store_true", help=JSON)
    return top


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser], name: str, runs: str, does: str
) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=does, description=f"{does[0].upper()}{does[1:]}.")
    command.set_defaults(runs=runs, parser=command)
    return command


def _takes_database(command: argparse.ArgumentParser, *, json: bool = False) -> None:
    command.add_argument(
        "--database-url", metavar="URL", help="where everything is kept (default sqlite:///paingate.db)"
    )
    command.add_argument("--config", type=Path, metavar="FILE", help=CONFIG)
    if json:
        command.add_argument("--json", action="store_true", help=JSON)


def _takes_settings(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, metavar="FILE", help=CONFIG)
    command.add_argument("--json", action="store_true", help=JSON)


def _takes_files(command: argparse.ArgumentParser, *, values: bool = True) -> None:
    command.add_argument("files", nargs="*", metavar="FILES", help=FILES)
    command.add_argument("--json", action="store_true", help=JSON)
    command.add_argument("--report", metavar="FILE", help="write the report there (default standard error)")
    command.add_argument("--site", metavar="FOLDER", help=SITE)
    command.set_defaults(show_values=False)
    if values:
        command.add_argument("--show-values", action="store_true", help="tell values too: they may be a patient's")


class _Version(argparse.Action):
    """The version as installed, looked up only when asked for."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        say(f"paingate {version('paingate')}\n")
        flush()
        parser.exit()
