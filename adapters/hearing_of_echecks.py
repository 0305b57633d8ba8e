"""Reports about e-checks: whatever they say, the processor is asked by the e-check's own look-ups and polls."""

from adapters.database.books import BookTransaction
from adapters.database.heard import said_before
from domain import hearing, settling
from domain.echeck import Echeck, EcheckState
from domain.hearing import Worth
from domain.report import Report


def weigh_echeck(tx: BookTransaction, report: Report, echeck: Echeck) -> None:
    """Nothing is believed: what could be news makes the e-check's own question due now."""
    match hearing.worth_of_echeck(report, echeck, said_before(tx, report)):
        case Worth.NOTHING:
            tx.write([hearing.apply(report, payment=echeck.payment, why="known", now=tx.now)])
        case Worth.WAIT:
            tx.write([hearing.wait(report, why="being_asked", now=tx.now)])
        case Worth.LOOK_UP if echeck.state is EcheckState.RETURNED:
            tx.write([hearing.park(report, why="not_confirmed", now=tx.now)])  # gone here, and there it is not
        case _:
            tx.write([settling.ask_now(echeck, now=tx.now)])
            tx.write([hearing.apply(report, payment=echeck.payment, why="looked_up", now=tx.now)])
