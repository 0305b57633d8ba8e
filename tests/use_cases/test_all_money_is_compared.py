"""Reconciliation of e-checks, and of chargebacks that only a list tells."""

from datetime import date, timedelta

from adapters.gateways.simulator_rules import Operation, Request
from domain.action_item import ItemKind
from domain.organisation import MerchantAccount
from domain.outcome import About, Listed
from domain.reconciliation import BreakKind
from tests.echeck_world import EcheckWorld
from tests.through import Through
from tests.use_cases.test_reconciliation import breaks, forget, reconcile
from tests.world import ACCOUNT, ORGANISATION, World


def test_echecks_are_compared_too(bank: EcheckWorld) -> None:
    payment, lost = bank.by_echeck(client="c-1"), bank.by_echeck("echeck_unauthorised_late", client="c-2")
    bank.by_echeck("echeck_nsf", client="c-3")
    bank.evening()
    stranger = Request(
        Operation.DEBIT, ORGANISATION, ACCOUNT, "stranger", amount=700, currency="CAD", token="echeck_settle"
    )
    bank.simulator.perform([stranger])
    tuesday = bank.today()
    assert (reconcile(bank, tuesday).listed, [one.kind for one in breaks(bank)]) == (4, [BreakKind.MISSING_HERE])

    forget(bank, bank.echeck(lost).id)
    bank.until(tuesday + timedelta(days=3))
    reconcile(bank, tuesday)
    (found,) = breaks(bank, kind=BreakKind.MISSING_THERE)
    assert (found.about, found.payment, found.amount_here) == (About.DEBIT, lost, 10_000)
    (item,) = bank.items(payment=lost)
    assert (item.kind, item.reason) == (ItemKind.IN_DOUBT, "missing_there")
    assert bank.items(payment=payment) == []
    bank.sound()


class TakenBack(Through):
    """A processor whose list names chargebacks."""

    lines: tuple[Listed, ...] = ()

    def listed(self, account: MerchantAccount, on: date) -> list[Listed]:
        return [*self.gateway.listed(account, on), *self.lines]


def test_A1_a_chargeback_in_the_list_is_taken_back_and_one_of_another_amount_is_a_break(club: World) -> None:
    paid, refunded, other = (club.paid() for _ in range(3))
    club.refund(refunded, 4_000)
    club.night()

    def line(payment: str, amount: int) -> Listed:
        reference = club.attempts(payment)[0].reference if payment else "elsewhere"
        return Listed(
            key="", reference=reference, about=About.CHARGE, amount_minor=amount, currency="", taken_back=True,
            network_code="4837",
        )  # fmt: skip

    club.gateway = told = TakenBack(club.gateway)
    told.lines = (line(paid, 10_000), line(refunded, 6_000), line(other, 2_500), line("", 100))
    done = reconcile(club)
    assert done.taken_back == ((paid, "4837"), (refunded, "4837"))
    assert {(one.kind, one.payment, one.amount_there, one.currency) for one in breaks(club)} == {
        (BreakKind.OTHER_AMOUNT, other, 2_500, "CAD"), (BreakKind.MISSING_HERE, None, 100, "CAD"),
    }  # fmt: skip
    reconcile(club)
    assert len(breaks(club)) == 2
