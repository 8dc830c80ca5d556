"""`paingate deliveries`, `replay` and `push`: what went to whom, and doing something about it."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapter.cli.database import UnusableDatabase, usable_database
from adapter.output import flush, say
from adapter.settings import Settings, SettingsError, read_settings
from mappings.r4.exact_json import MalformedJSON, dumps, loads

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from sqlalchemy import Engine

    from adapter.delivery.pushing.rehearsal import Rehearsed
    from adapter.delivery.pushing.sending import Sending
    from adapter.store.deliveries import Delivery

PAGE = 200


class Trouble(Exception):
    """Nothing was done; the message says why."""


def listed(arguments: argparse.Namespace) -> int:
    """A line for each, the last changed first."""
    from adapter.store import deliveries
    from adapter.store.deliveries import Sought
    from adapter.store.engine import reading

    def run(engine: Engine, _: Settings) -> int:
        sought, behind = Sought((arguments.state,) if arguments.state else (), arguments.partner), None
        while True:
            with reading(engine) as connection:
                page = deliveries.page(connection, sought, behind, PAGE)
            for one in page:
                _tell(arguments, one)
            if len(page) < PAGE:
                return 0
            behind = (page[-1].updated_at, page[-1].id)

    return _with_database(arguments, run)


def show(arguments: argparse.Namespace) -> int:
    """All that is known of one; 1 where there is none."""
    from adapter.store import deliveries
    from adapter.store.engine import reading

    def run(engine: Engine, _: Settings) -> int:
        with reading(engine) as connection:
            one = deliveries.get(connection, arguments.id)
        if one is None:
            raise Trouble("There is no delivery with this id.")
        if arguments.json:
            _tell(arguments, one)
            return 0
        for name, value in asdict(one).items():
            told = ", ".join(value) or "nothing" if isinstance(value, tuple) else "unknown" if value is None else value
            say(f"{name:<16}{told}\n")
        return 0

    return _with_database(arguments, run)


def verify(arguments: argparse.Namespace) -> int:
    """What each partner holds of a plan; 1 where one holds something else."""
    from adapter.delivery.pushing.verifying import verify as verified

    def run(engine: Engine, settings: Settings) -> int:
        bad = False
        none = True
        for one in verified(engine, settings, arguments.plan):
            none = False
            bad |= one.holds is not True or bool(one.unkept)
            told = {"partner": one.partner, "delivery": one.delivery.id, "version": one.delivery.item_version}
            told |= {"holds": one.holds, "unkept": list(one.unkept), "says": one.says}
            words = f"{one.partner}: version {one.delivery.item_version}: {one.says}"
            say((dumps(told).decode() if arguments.json else words) + "\n")
            flush()
        if none:
            raise Trouble("No partner was brought a plan with this id.")
        return 1 if bad else 0

    return _with_database(arguments, run)


def cancel(arguments: argparse.Namespace) -> int:
    """It is not sent, or not tried again; 1 where it is settled or under way."""
    from adapter.delivery import by_hand

    def run(engine: Engine, _: Settings) -> int:
        try:
            _tell(arguments, by_hand.cancel(engine, arguments.id))
        except by_hand.NotPossible as why:
            raise Trouble(str(why)) from None
        return 0

    return _with_database(arguments, run)


def replay(arguments: argparse.Namespace) -> int:
    """Refused and cancelled ones again: those named, or all that a partner refused."""
    from adapter.delivery import by_hand

    def run(engine: Engine, settings: Settings) -> int:
        if bool(arguments.ids) == bool(arguments.to):
            raise Trouble("Name deliveries, or a partner with --to.")
        if arguments.to:
            if settings.partner(arguments.to) is None:
                raise Trouble(f"No partner called {arguments.to} is configured.")
            say(f"{by_hand.replay_all(engine, arguments.to)} pending again\n")
            return 0
        failed = False
        for id_ in arguments.ids:
            try:
                _tell(arguments, by_hand.replay(engine, id_))
            except by_hand.NotPossible as why:
                failed = True
                sys.stderr.write(f"paingate: {id_}: {why}\n")
        return 1 if failed else 0

    return _with_database(arguments, run)


def push(arguments: argparse.Namespace) -> int:
    """Brings a plan to a partner now, or says what would be sent; 1 where it did not arrive."""
    from adapter.delivery import by_hand, worker
    from adapter.exchange.refusal import Refusal
    from adapter.exchange.sending.plans import put_plan

    def run(engine: Engine, settings: Settings) -> int:
        partner = settings.partner(arguments.to)
        if partner is None or not partner.base_url:
            raise Trouble(f"No partner called {arguments.to} with a base_url is configured.")
        path = Path(arguments.record)
        record = _record(path) if path.is_file() else None
        plan_id = _id_of(record, path, settings) if record is not None else arguments.record
        if arguments.dry_run:
            return _rehearsed(arguments, engine, settings, plan_id, record)
        try:
            if record is not None:
                put_plan(engine, settings, plan_id, record)
            pushed = by_hand.push_now(settings, engine, plan_id, partner.name)
        except Refusal as refusal:
            raise Trouble(refusal.in_words) from None
        except by_hand.NothingToPush as nothing:
            raise Trouble(str(nothing)) from None
        working = worker.start(settings, engine, only=partner.name)
        try:
            done = _attempted(engine, pushed)
        finally:
            working.stop(1)
        _tell(arguments, done)
        return 0 if done.state == "delivered" else 1

    return _with_database(arguments, run)


def _attempted(engine: Engine, pushed: Delivery) -> Delivery:
    """The delivery once it is settled, or an attempt of it failed."""
    from adapter.store import deliveries
    from adapter.store.engine import reading

    while True:
        with reading(engine) as connection:
            now = deliveries.get(connection, pushed.id)
        if now is None:
            raise Trouble("The delivery is gone.")
        if now.state != "pending" or (now.attempts > pushed.attempts and not now.under_way):
            return now
        time.sleep(0.05)


def _rehearsed(
    arguments: argparse.Namespace, engine: Engine, settings: Settings, plan_id: str, record: dict[str, Any] | None
) -> int:
    from adapter.client import PartnerTrouble
    from adapter.delivery.outgoing import CannotBeSent
    from adapter.delivery.pushing.rehearsal import rehearse
    from mappings.issues import Refused

    sending = _sending(engine, settings, arguments.to, plan_id, record)
    try:
        found = rehearse(engine, settings, arguments.to, sending)
    except (PartnerTrouble, CannotBeSent, Refused) as trouble:
        raise Trouble(f"It would not be sent: {trouble}") from None
    _tell_rehearsed(arguments, found)
    return 1 if found.trouble else 0


def _sending(
    engine: Engine, settings: Settings, partner_name: str, plan_id: str, record: dict[str, Any] | None
) -> Sending:
    """The stored plan, or the record as its next version."""
    from adapter.delivery.partners import configured
    from adapter.delivery.pushing.records import Records
    from adapter.exchange.refusal import Refusal
    from adapter.exchange.sending.plans import KIND, next_version
    from adapter.store import patients, plans
    from adapter.store.engine import reading

    with reading(engine) as connection:
        plan = plans.current(connection, plan_id)
        if record is not None:
            try:
                plan = next_version(settings, plan_id, record, plan.version + 1 if plan else 1)
            except Refusal as refusal:
                raise Trouble(refusal.in_words) from None
        if plan is None:
            raise Trouble("There is no plan with this id, and no such file.")
        patient = patients.get(connection, plan.patient_number)
        if patient is None:
            raise Trouble(f"There is no patient {plan.patient_number} here.")
        partner = configured(settings, partner_name)
        return Records(engine, settings).sending_of(connection, partner, KIND, plan, patient.record)


def _tell_rehearsed(arguments: argparse.Namespace, found: Rehearsed) -> None:
    if arguments.json:
        say(dumps(asdict(found)).decode() + "\n")
        return
    say(f"It would go as {found.fit}: {found.says}.\n")
    for line in found.because:
        say(f"  passed over: {line}\n")
    lost = "unknown" if found.unkept is None else ", ".join(found.unkept) or "nothing, as far as was seen"
    say(f"Not kept there: {lost}.\n")
    if found.trouble:
        say(f"It would not arrive: {found.trouble}.\n")
    elif not found.requests:
        say("Nothing would be sent: the partner holds it already, or it is offered here.\n")
    for one in found.requests:
        said = "".join(f"{name}: {value}\n" for name, value in one.headers.items())
        say(f"\n{one.method} {one.url}\n{said}\n{dumps(one.body).decode()}\n")


def _tell(arguments: argparse.Namespace, one: Delivery) -> None:
    if arguments.json:
        say(dumps(asdict(one)).decode() + "\n")
        return
    what = f"{one.kind} {one.item_id} version {one.item_version}"
    there = f" as {one.remote_id}" if one.remote_id else ""
    there += f" (version {one.remote_version})" if one.remote_version else ""
    why = f": {one.last_error}" if one.last_error else ""
    again = f", again at {one.next_attempt_at}" if one.next_attempt_at and one.attempts else ""
    say(f"{one.id}  {one.partner}  {what}  {one.state}{there}{again}{why}\n")


def _record(path: Path) -> dict[str, Any]:
    try:
        record = loads(path.read_bytes())
    except (OSError, MalformedJSON, UnicodeDecodeError) as trouble:
        raise Trouble(f"{path} cannot be read: {trouble}") from None
    if not isinstance(record, dict) or record.get("record") != "care_plan":
        raise Trouble(f'{path} is no care plan: "record": "care_plan".')
    return record


def _id_of(record: dict[str, Any], path: Path, settings: Settings) -> str:
    """What the record calls itself in our own numbers, else the name of the file."""
    for one in record.get("identifiers", []):
        if isinstance(one, dict) and one.get("system") == settings.system("care-plan") and "value" in one:
            return str(one["value"])
    return path.name.partition(".")[0]


def _with_database(arguments: argparse.Namespace, run: Any) -> int:
    try:
        with _opened(arguments) as (engine, settings):
            code: int = run(engine, settings)
            return code
    except SettingsError as contradiction:
        sys.stderr.write(f"paingate: {contradiction}\n")
        return 2
    except (Trouble, UnusableDatabase) as trouble:
        sys.stderr.write(f"paingate: {trouble}\n")
        return 1


@contextmanager
def _opened(arguments: argparse.Namespace) -> Iterator[tuple[Engine, Settings]]:
    from adapter.delivery.partner_book import PartnerBook
    from adapter.store.engine import open_engine
    from adapter.store.migrate import migrate

    settings = read_settings(arguments.config, database_url=arguments.database_url)
    with usable_database():
        engine = open_engine(settings.database_url)
        migrate(engine)
    try:
        yield engine, PartnerBook(settings, engine).settings()
    finally:
        engine.dispose()
