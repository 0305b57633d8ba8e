"""The inbox takes a command once, for ever, and says why when it can't (CONTRACT section 2)."""

import json
from typing import Any

import pytest

from adapters.inbox.accept import Accepted, Quarantined, Refused
from tests.adapters.office import Office, create_invoice, envelope, make_payment, register_client


def test_the_same_command_again_is_answered_as_before(office: Office):
    first = office.accept(make_payment(id="e1", offline="cash"))
    again = office.accept(make_payment(id="e1", offline="cash"), door="another")
    assert isinstance(first, Accepted)
    assert isinstance(again, Accepted)
    assert (again.seq, again.again) == (first.seq, True)
    office.work()
    assert office.scalar("SELECT count(*) FROM payments") == 1


def test_bodies_are_compared_on_type_and_data_only(office: Office):
    office.accept(make_payment(id="e1", offline="cash"))
    later = make_payment(id="e1", offline="cash") | {"time": "2026-11-24T15:04:05Z", "traceparent": "x"}
    later["data"] = dict(reversed(later["data"].items()))
    assert isinstance(office.accept(json.dumps(later, indent=2)), Accepted)


def test_the_same_id_with_another_body_is_a_conflict(office: Office):
    office.accept(make_payment(4_500, id="e1", offline="cash"))
    other = office.accept(make_payment(4_501, id="e1", offline="cash"))
    assert isinstance(other, Refused)
    assert other.code == "conflict"
    assert office.result("shop", "e1")["status"] == "accepted"


def test_the_same_id_of_another_sender_is_another_command(office: Office):
    first = office.accept(make_payment(id="e1", offline="cash", source="shop"))
    other = office.accept(make_payment(id="e1", offline="cash", source="till"))
    assert isinstance(first, Accepted)
    assert isinstance(other, Accepted)
    assert first.seq != other.seq


def test_a_command_twice_in_one_list_is_one_command(office: Office):
    one, two, three = office.accept_all(
        make_payment(id="e1", offline="cash"),
        make_payment(id="e1", offline="cash"),
        make_payment(9, id="e1", offline="cash"),
    )
    assert isinstance(one, Accepted)
    assert isinstance(two, Accepted)
    assert one.seq == two.seq
    assert isinstance(three, Refused)


def test_a_refusal_of_shape_is_not_remembered(office: Office):
    assert isinstance(office.accept(make_payment(0, id="e1", offline="cash")), Refused)
    assert isinstance(office.accept(make_payment(1, id="e1", offline="cash")), Accepted)


def test_a_refusal_by_a_rule_is_remembered(office: Office):
    office.send(make_payment(id="e1", offline="cash", client="c-2"))
    assert office.result("shop", "e1")["error"]["code"] == "not_known"
    office.send(register_client("c-2"))
    again = office.accept(make_payment(id="e1", offline="cash", client="c-2"))
    assert isinstance(again, Accepted)
    assert again.status == "refused"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        ("not json", "not_json"),
        ('{"a": NaN}', "not_json"),
        ("[" * 100_000, "not_json"),
        ("[]", "not_an_object"),
        ('"text"', "not_an_object"),
        (b"\xff\xfe\x00", "not_json"),
        ('{"id": "1", "type": "t"}', "no_source"),
        ('{"source": "s", "type": "t"}', "no_id"),
        ('{"source": "s", "id": 7, "type": "t"}', "no_id"),
        ('{"source": "s", "id": "a b", "type": "t"}', "no_id"),
        ('{"source": "s", "id": "\\ud800", "type": "t"}', "no_id"),
        ('{"source": "s", "id": "1"}', "no_type"),
        ('{"source": "s", "id": "' + "x" * 65 + '", "type": "t"}', "no_id"),
        ('{"pad": "' + "x" * 256_000 + '"}', "too_large"),
    ],
    ids=lambda value: str(value)[:24],
)
def test_what_can_not_be_read_goes_to_quarantine_with_its_reason(office: Office, raw: Any, reason: str):
    answer = office.accept(raw)
    assert isinstance(answer, Quarantined)
    assert answer.reason == reason
    assert office.scalar("SELECT reason FROM quarantine") == reason


def test_quarantine_blocks_nothing(office: Office):
    results = office.accept_all(
        "{", make_payment(id="e1", offline="cash"), b"\x00", make_payment(id="e2", offline="cash")
    )
    assert [type(result) for result in results] == [Quarantined, Accepted, Quarantined, Accepted]
    office.work()
    assert office.result("shop", "e2")["status"] == "done"


def test_an_unknown_type_is_refused(office: Office):
    answer = office.accept(envelope("payment.steal"))
    assert isinstance(answer, Refused)
    assert answer.code == "unknown_type"
    assert "payment.steal" in answer.error["message"]["fr"]


@pytest.mark.parametrize("change", [{"specversion": "0.3"}, {"data": None}, {"data": []}, {"data": "text"}])
def test_another_envelope_than_cloudevents_1_is_refused(office: Office, change: dict[str, Any]):
    assert isinstance(office.accept(create_invoice("inv-1") | change), Refused)


def test_a_message_of_which_two_readers_would_take_different_amounts_is_set_apart(small_office: Office):
    twice = json.dumps(make_payment(100, offline="cash")).replace('"amount": 100', '"amount": 100, "amount": 900')
    assert '"amount": 900' in twice
    answer = small_office.accept(twice)
    assert isinstance(answer, Quarantined)
    assert answer.reason == "not_json"


def test_F47_a_number_that_no_column_holds_is_refused_and_keeps_no_other_out(small_office: Office):
    odd = envelope("refund.request", payment="p-1", amount=100, seen_refundable=10**30)
    answers = small_office.accept_all(odd, make_payment(id="e2", offline="cash"))
    assert isinstance(answers[0], Refused)
    assert (answers[0].code, answers[0].error["field"]) == ("invalid_value", "seen_refundable")
    assert isinstance(answers[1], Accepted)
