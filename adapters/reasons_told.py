"""The reasons of failures as a document: what each means, who may retry it, when next, and why not (A8)."""

from collections.abc import Iterable, Iterator

from adapters.locale import both
from domain.bank_return import RETURNS
from domain.declines import REASONS, ReasonClass, class_of_return
from domain.organisation import LANGUAGES
from domain.re_presentment import RULES
from domain.retry_rules import (
    MASTERCARD_LIMITS,
    MASTERCARD_REASONS,
    MASTERCARD_WAITS,
    MAY,
    TRY_LATER,
    VISA_CATEGORIES,
    VISA_CEILING,
    VISA_DEFAULT,
)  # fmt: skip

HEAD = """# Reasons, and who may retry what

Written by `make docs` from `domain/declines.py`, `domain/bank_return.py`, `domain/retry_rules.py`,
`domain/re_presentment.py` and the catalogue in `adapters/locale`; edit those. Screens, mail, the API and metrics use
the same codes, classes and sentences.
"""
# Why a retry is refused, besides what the class says.
REFUSALS = (
    "new_method_needed", "network_limit", "retry_too_early", "never_presented_again", "presentment_not_allowed",
    "presented_too_often", "presented_too_late", "in_doubt", "payment_taken_back",
)  # fmt: skip
YES, NO = "yes", "–"
PARTS = ("staff", "client", "next")
Rows = Iterable[tuple[str, ...]]


def document() -> str:
    return "\n".join([HEAD, *_classes(), *_reasons(), *_refusals(), *_networks(), *_returns()])


def _classes() -> Iterator[str]:
    yield "## Who may retry\n"
    yield (
        "By schedule: where the setting `automatic_retries` names the class, so many days after the failure. "
        "By a person: with the same method; with another one, always.\n"
    )
    rows = ((f"`{one}`", *(YES if may else NO for may in MAY[one])) for one in ReasonClass)
    yield from _table(("class", "by schedule", "by a person"), rows)


def _reasons() -> Iterator[str]:
    for language, title in zip(LANGUAGES, ("## Every reason", "## Chaque raison"), strict=True):
        yield f"{title}\n"
        rows = (
            (f"`{code}`", f"`{REASONS[code]}`", *(both(f"reason.{code}.{part}")[language] for part in PARTS))
            for code in REASONS
        )
        yield from _table(("code", "class", *PARTS), rows)


def _refusals() -> Iterator[str]:
    yield "## Why not\n"
    yield from _table(("code", *LANGUAGES), ((f"`{code}`", *both(f"refusal.{code}").values()) for code in REFUSALS))


def _networks() -> Iterator[str]:
    yield "## Card networks\n"
    yield (
        f"Per card, merchant account and amount, by people and by schedule together. Visa: {VISA_DEFAULT} tries in 30 "
        "days unless the merchant account says otherwise (`visa_reattempts`), and never more than the ceiling.\n"
    )
    yield from _table(("Visa from", "ceiling in 30 days"), ((day.isoformat(), str(most)) for day, most in VISA_CEILING))
    categories = (
        (f"`{code}`", str(number), since.isoformat()) for code, of in VISA_CATEGORIES.items() for since, number in of
    )
    yield from _table(("Visa's answer", "category (1 never)", "from"), categories)
    limits = (
        (str(most), f"{window.total_seconds() / 3600:g} h", YES if same else NO)
        for most, window, same in MASTERCARD_LIMITS
    )
    yield from _table(("Mastercard: declines", "within", "of the same amount"), limits)
    said = {code: f"`{reason}`" for code, reason in MASTERCARD_REASONS.items()}
    waits = {
        code: f"wait {wait.total_seconds() / 3600:g} h" for code, wait in {**MASTERCARD_WAITS, **TRY_LATER}.items()
    }
    yield from _table(
        ("Mastercard's advice", "means"), ((f"`{code}`", means) for code, means in sorted((said | waits).items()))
    )


def _returns() -> Iterator[str]:
    yield "## Returns of banks\n"
    again = (
        (
            rule.network.upper(),
            rule.since.isoformat(),
            ", ".join(sorted(rule.codes)),
            str(rule.times),
            str(rule.within_days),
        )
        for rule in RULES
    )
    yield from _table(("rail", "from", "codes", "presented again, at most", "within days"), again)
    rows = ((f"`{code}`", f"`{reason}`", f"`{class_of_return(reason)}`") for code, (reason, _) in RETURNS.items())
    yield from _table(("code of the bank", "reason", "class"), rows)


def _table(names: tuple[str, ...], rows: Rows) -> Iterator[str]:
    yield f"| {' | '.join(names)} |"
    yield f"|{'---|' * len(names)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"
    yield ""
