"""Originators and random entries for the tests of bank files."""

import io
import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from adapters.bank_files.cpa005_layout import institution
from adapters.bank_files.cpa005_writer import CanadianEntry, CanadianOriginator, write_cpa005
from adapters.bank_files.nacha_layout import CHECK_WEIGHTS, CODES, RETRY
from adapters.bank_files.nacha_writer import NachaBatch, NachaEntry, Originator, write_nacha

BANK = Originator(
    destination="091000019", origin="1234567890", destination_name="Bank of the Lake", origin_name="YMCA of Duluth",
    company_name="YMCA of Duluth", company_id="1234567890", odfi=9100001,
)  # fmt: skip
CAISSE = CanadianOriginator(
    originator="YMCAQC0001", data_centre=81510, currency="CAD", short_name="YMCA Québec",
    long_name="YMCA de Québec et Lévis", return_to=institution("815", "20001"), return_account="0012345",
)  # fmt: skip
CREATED = datetime(2026, 11, 24, 17, 0)  # noqa: DTZ001 - the wall clock of the originator
NAMES = [
    "Zoé Côté-Lévesque",
    "Jean-Sébastien O’Connor",
    "Œuvre Ünal",
    "a",
    "Maximiliana Featherstonehaugh-Wolfeschlegel",
]


def routing(rng: random.Random) -> str:
    body = f"{rng.randrange(100_000, 14_999_999):08d}"
    total = sum(weight * int(digit) for weight, digit in zip(CHECK_WEIGHTS, body, strict=False))
    return body + str(-total % 10)


def entries(count: int, rng: random.Random, *, first: int = 1, prenotes: bool = False) -> Iterator[NachaEntry]:
    for number in range(count):
        prenote = prenotes and number % 5 == 0
        yield NachaEntry(
            code=CODES[rng.choice(["checking", "savings"]), False, prenote], routing=routing(rng),
            account=str(rng.randrange(10**4, 10**17)), amount=0 if prenote else rng.randrange(1, 10**7),
            individual_id=f"e{rng.getrandbits(40):012x}x1", name=rng.choice(NAMES),
            payment_type=rng.choice("SR"), sequence=first + number,
        )  # fmt: skip


def nacha_batches(count: int, seed: int, effective_on: date = date(2026, 11, 25)) -> list[NachaBatch]:
    """The same number of entries in each of several kinds of batches; the same seed makes the same ones."""
    kinds = [("WEB", "RECFEE"), ("PPD", "RECFEE"), ("TEL", "RECFEE"), ("CCD", "RECFEE"), ("WEB", RETRY)]
    shares = [count // len(kinds) + (1 if place < count % len(kinds) else 0) for place in range(len(kinds))]
    made, first = [], 1
    for place, ((sec, description), share) in enumerate(zip(kinds, shares, strict=True)):
        if share:
            rows = list(entries(share, random.Random(seed * 10 + place), first=first))
            typed = rows if sec in ("WEB", "TEL") else [_untyped(row) for row in rows]
            made.append(NachaBatch(sec=sec, description=description, effective_on=effective_on, entries=typed))
            first += share
    return made


def _untyped(entry: NachaEntry) -> NachaEntry:
    return replace(entry, payment_type="")


def nacha_file(batches: list[NachaBatch], *, bank: Originator = BANK, modifier: str = "A") -> bytes:
    out = io.BytesIO()
    write_nacha(out, bank, batches, created_at=CREATED, modifier=modifier)
    return out.getvalue()


def canadian_entries(count: int, rng: random.Random) -> Iterator[CanadianEntry]:
    for number in range(count):
        yield CanadianEntry(
            credit=number % 7 == 3, institution=institution(f"{rng.randrange(1, 900)}", f"{rng.randrange(1, 99999)}"),
            account=str(rng.randrange(10**3, 10**12)), amount=rng.randrange(1, 10**8), due_on=date(2026, 11, 25),
            name=rng.choice(NAMES), cross_reference=f"e{rng.getrandbits(40):012x}x1",
        )  # fmt: skip


def canadian_file(rows: list[CanadianEntry], *, number: int = 1) -> bytes:
    out = io.BytesIO()
    write_cpa005(out, CAISSE, rows, created_on=CREATED.date(), number=number)
    return out.getvalue()
