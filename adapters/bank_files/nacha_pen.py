"""NACHA as a merchant account writes it: batches by kind of agreement, presentments apart, traces of its own."""

import string
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import BinaryIO

from adapters.bank_files.fixed import plain
from adapters.bank_files.nacha_layout import CODES, MAX_ENTRY, RETRY, routing_is_valid
from adapters.bank_files.nacha_writer import NachaBatch, NachaEntry, Originator, write_nacha
from adapters.bank_files.pens import Head, Wanted, Written

MODIFIERS = string.ascii_uppercase + string.digits
MAX_TRACE = 9_999_999
MAX_NUMBER = 999_999_999  # nobody reads it: the bank tells files apart by their date, time and modifier
ID_WIDTH = 15
NAME_WIDTH = 22
ACCOUNT_WIDTH = 17
TYPED = ("WEB", "TEL")  # they say whether the debit is single or recurring
SEC_OF_CHANNEL = {"web": "WEB", "paper": "PPD", "phone": "TEL"}  # how the agreement was given, not how it is used
CREDIT_SEC = "PPD"  # to a person; a WEB credit would be a payment between persons


@dataclass(frozen=True, slots=True, kw_only=True)
class NachaPen:
    """See `Pen`. `description` is what account holders read, ten characters at most."""

    originator: Originator
    description: str
    currencies: tuple[str, ...] = ("USD",)
    consecutive: bool = False
    most_numbers: int = MAX_NUMBER
    most_of_day: int = len(MODIFIERS)
    most_traces: int = MAX_TRACE

    def refuses(self, wanted: Wanted) -> bool:
        bank = wanted.bank
        fits = (
            routing_is_valid(bank.routing) and bank.type in ("checking", "savings")
            and bank.account.isascii() and bank.account.isalnum() and len(bank.account) <= ACCOUNT_WIDTH
            and 0 < wanted.amount <= MAX_ENTRY
        )  # fmt: skip
        return not fits

    def name(self, account: str, head: Head) -> str:
        return f"{account}-{head.written_at:%Y%m%d}-{MODIFIERS[head.of_day - 1]}.ach"

    def write(self, out: BinaryIO, wanted: Sequence[Wanted], head: Head) -> list[Written]:
        ordered = sorted(wanted, key=lambda one: (one.credit, *self._batch_of(one)))
        traced = list(enumerate(ordered, head.first_trace))
        write_nacha(
            out, self.originator, self._batches(traced, head), created_at=head.written_at,
            modifier=MODIFIERS[head.of_day - 1],
        )  # fmt: skip
        return [
            Written(key=one.key, trace=f"{self.originator.odfi:08d}{sequence:07d}", rdfi=one.bank.routing[:8])
            for sequence, one in traced
        ]

    def _batches(self, traced: Sequence[tuple[int, Wanted]], head: Head) -> Iterator[NachaBatch]:
        for (_, (sec, description)), rows in groupby(traced, key=lambda row: (row[1].credit, self._batch_of(row[1]))):
            yield NachaBatch(
                sec=sec, description=description, effective_on=head.effective_on,
                entries=(_entry(sequence, one, sec) for sequence, one in rows),
            )  # fmt: skip

    def _batch_of(self, wanted: Wanted) -> tuple[str, str]:
        """Standard entry class and description. A re-presentment has its own description, to the letter."""
        business = wanted.mandate.get("holder") == "business"
        channel = SEC_OF_CHANNEL.get(str(wanted.mandate.get("channel", "")), "WEB")
        sec = "CCD" if business else (CREDIT_SEC if wanted.credit else channel)
        return sec, RETRY if wanted.again else self.description


def _entry(sequence: int, wanted: Wanted, sec: str) -> NachaEntry:
    return NachaEntry(
        code=CODES[wanted.bank.type, wanted.credit, False], routing=wanted.bank.routing, account=wanted.bank.account,
        amount=wanted.amount, individual_id=wanted.key[:ID_WIDTH],
        name=plain(wanted.name, NAME_WIDTH) or wanted.key[:NAME_WIDTH],
        payment_type=("R" if wanted.mandate.get("recurring") else "S") if sec in TYPED else "", sequence=sequence,
    )  # fmt: skip
