"""A key is sent again only as long as its processor knows it (section 9)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from domain.attempt import SIMULATOR_LADDER, AttemptState
from domain.capabilities import CAPABILITIES
from domain.concluding import lose
from domain.outcome import NotFound, NotSent
from domain.resolving import settle_finding
from tests.domain.builders import account, around, asked, attempt_after, mint


@pytest.mark.parametrize(("hours", "again"), [(23, True), (24, False)])
def test_F15_a_processor_that_remembers_keys_for_a_day_is_sent_one_again_within_it(
    hours: int, again: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CAPABILITIES, "daily", replace(CAPABILITIES["stripe"], ladder=SIMULATOR_LADDER))
    one = asked(state=AttemptState.UNKNOWN, account=account(processor="daily"))
    later = one.attempt.promised_at + timedelta(hours=hours)
    one = replace(one, attempt=replace(one.attempt, missed_at=later - SIMULATOR_LADDER.flight))
    after = attempt_after(one, settle_finding(one, NotFound(), around(), now=later, mint=mint))
    assert (after.attempt.resend, after.attempt.state == AttemptState.UNKNOWN) == (again, again)

    sent_twice = asked(state=AttemptState.UNKNOWN, account=account(processor="daily"), attempt={"sends": 2})
    lost = attempt_after(sent_twice, lose(sent_twice, NotSent(why="refused"), now=later))
    assert (lost.attempt.resend, lost.attempt.sends) == (again, 1)
