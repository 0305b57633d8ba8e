"""Words, amounts and dates of the pages, and amounts as people type them."""

from decimal import Decimal, InvalidOperation

from babel.numbers import get_currency_symbol

from adapters.wording import HTML_LANGUAGES, Wording
from domain.money import MAX_AMOUNT_MINOR, MINOR_DIGITS

__all__ = ["HTML_LANGUAGES", "Wording", "parse_amount"]

DIGITS = "0123456789"


def parse_amount(typed: str, currency: str) -> int | None:
    """Minor units of an amount as people type it ($1,234.50; 1 234,50 $; 45), None if it is not one."""
    text = typed.strip()
    for symbol in (get_currency_symbol(currency, locale="en_US"), "$", currency):
        text = text.replace(symbol, "")
    text = "".join(text.split())
    if not any(letter in DIGITS for letter in text) or any(letter not in f"{DIGITS}.,'" for letter in text):
        return None
    digits = MINOR_DIGITS[currency]
    head, mark, tail = text.replace("'", "").rpartition(max(".", ",", key=text.rfind))
    if mark and len(tail) <= digits:  # the last mark with two digits or fewer behind it is the decimal one
        text = f"{head.replace('.', '').replace(',', '')}.{tail or '0'}"
    else:
        text = text.replace(".", "").replace(",", "").replace("'", "")
    try:
        amount = int(Decimal(text).scaleb(digits))
    except InvalidOperation:
        return None
    return amount if amount <= MAX_AMOUNT_MINOR else None
