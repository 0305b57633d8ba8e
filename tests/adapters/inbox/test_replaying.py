"""Replaying: what was set apart goes through the inbox again, as it came or corrected, once, and audited."""

import json
from typing import Any

import pytest

from adapters.inbox import handlers
from adapters.inbox.accept import Accepted, Quarantined, Refused
from adapters.inbox.replay import StillUnreadable, replay
from domain.access import Quarantined as Kept
from domain.event import Event
from domain.refusal import NotKnown
from tests.adapters.office import Office, make_payment


def apart(office: Office) -> Kept:
    [one] = office.app.books.run(lambda tx: tx.all(Kept), read_only=True)
    return one


def again(office: Office, id: str, corrected: Any = None) -> Accepted | Refused:
    text = json.dumps(corrected) if corrected is not None else None
    return office.app.books.run(lambda tx: replay(tx, id, by="marie", corrected=text))


def told(office: Office) -> list[Event]:
    return office.app.books.run(lambda tx: tx.all(Event, type="quarantined.replayed"), read_only=True)


def test_a_corrected_message_is_taken_in_marked_and_audited(office: Office):
    answer = office.accept("no json")
    assert isinstance(answer, Quarantined)
    taken = again(office, answer.quarantine, make_payment(payment="p-1", offline="cash", id="r-1"))
    assert isinstance(taken, Accepted)
    office.work()
    assert office.result("shop", "r-1")["status"] == "done"
    assert apart(office).replayed_at is not None
    [event] = told(office)
    assert (event.by, event.organisation, event.public) == ("marie", "ymca", False)
    assert event.data == {"quarantine": answer.quarantine, "source": "shop", "id": "r-1", "corrected": True}
    assert event.before == {"reason": "not_json"}


def test_replaying_twice_is_one_command(office: Office):
    office.accept("no json")
    corrected = make_payment(payment="p-1", offline="cash", id="r-1")
    first, second = again(office, apart(office).id, corrected), again(office, apart(office).id, corrected)
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert first.seq == second.seq


def test_what_is_still_unreadable_stays_where_it_is(office: Office):
    office.accept("no json")
    with pytest.raises(StillUnreadable):
        again(office, apart(office).id)
    assert apart(office).replayed_at is None
    assert told(office) == []


def test_what_is_refused_is_told_so_and_stays(office: Office):
    office.accept("no json")
    answer = again(office, apart(office).id, make_payment(0, payment="p-1", offline="cash", id="r-1"))
    assert isinstance(answer, Refused)
    assert apart(office).replayed_at is None


def test_a_command_that_met_a_bug_of_ours_is_carried_out_once_it_is_mended(
    office: Office, monkeypatch: pytest.MonkeyPatch
):
    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    with monkeypatch.context() as patched:
        patched.setitem(handlers.HANDLERS, "payment.make", broken)
        [set_apart] = office.send(make_payment(payment="p-1", offline="cash", id="r-1"))
    assert set_apart["status"] == "quarantined"
    again(office, apart(office).id)
    office.work()
    assert office.result("shop", "r-1")["status"] == "done"
    again(office, apart(office).id)
    office.work()
    assert office.scalar("SELECT count(*) FROM ledger_transactions") == 1


def test_a_whole_message_of_the_queue_is_read_for_its_command(office: Office):
    event = make_payment(payment="p-1", offline="cash", id="r-1")
    message = {"actor_name": "gone", "args": [], "kwargs": {"event": event}, "options": {}}
    assert isinstance(office.accept(message), Quarantined)
    answer = again(office, apart(office).id)
    assert isinstance(answer, Accepted)
    assert (answer.source, answer.id) == ("shop", "r-1")


def test_an_unknown_one_is_not_known(office: Office):
    with pytest.raises(NotKnown):
        again(office, "qua_none")
