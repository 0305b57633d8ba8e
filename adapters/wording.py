"""Words, amounts and dates as a person reads them: in their language, in the organisation's time zone."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_percent

from adapters.locale import MissingWords, say
from domain.action_item import ActionItem
from domain.event import SYSTEM
from domain.money import decimal_text
from domain.payment_method import PaymentMethod
from domain.refusal import Refusal
from domain.retrying_refunds import is_about_repayment, next_step

REGIONS = {"en": "en_CA", "fr": "fr_CA"}
HTML_LANGUAGES = {"en": "en-CA", "fr": "fr-CA"}
# Names of networks are the same in both languages; one that is not listed is shown as the processor spells it.
BRANDS = {
    "visa": "Visa", "mastercard": "Mastercard", "amex": "American Express", "discover": "Discover",
    "interac": "Interac", "jcb": "JCB", "diners": "Diners Club",
}  # fmt: skip
DOTS = "••"
INSTANTS = ("at", "until")  # of what a refusal is told with
NO_BREAK = "\u00a0"
SHOWN_WHOLE = 20  # an id of a sender is seldom longer; ours are 40
SHOWN_END = 10


MANY = 10_000  # words that are kept ready: a list says the same amount and the same day many times


@lru_cache(maxsize=MANY)
def _money(amount_minor: int, currency: str, region: str) -> str:
    return format_currency(Decimal(decimal_text(amount_minor, currency)), currency, locale=region)


@lru_cache(maxsize=MANY)
def _day(day: date, region: str) -> str:
    return format_date(day, "medium", locale=region)


@lru_cache(maxsize=MANY)
def _clock(hour: int, minute: int, region: str) -> str:
    return format_time(time(hour, minute), "short", locale=region).replace(" ", NO_BREAK)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """How this page speaks."""

    language: str
    timezone: str = "UTC"
    currency: str = "CAD"
    now: datetime

    @property
    def html(self) -> str:
        """The value of the `lang` attribute."""
        return HTML_LANGUAGES[self.language]

    @property
    def region(self) -> str:
        return REGIONS[self.language]

    def __call__(self, id: str, **params: Any) -> str:
        return say(id, self.language, **params)

    def either(self, id: str, fallback: str, **params: Any) -> str:
        """The words of `id`, or of `fallback` where nobody has written them yet."""
        try:
            return self(id, **params)
        except (MissingWords, KeyError):
            return self(fallback, **params)

    def count(self, id: str, number: int, **params: Any) -> str:
        """`id.one` or `id.many`; nothing is singular in French and plural in English."""
        one = number <= 1 if self.language == "fr" else number == 1
        return self(f"{id}.{'one' if one else 'many'}", number=number, **params)

    def money(self, amount_minor: int) -> str:
        """$1,234.50 or 1 234,50 $."""
        return _money(amount_minor, self.currency, self.region)

    def percent(self, basis_points: int) -> str:
        """0.53% or 0,53 %."""
        sign = f"{NO_BREAK}%" if self.language == "fr" else "%"
        return format_percent(Decimal(basis_points) / 10_000, f"#,##0.##{sign}", locale=self.region)

    def local(self, at: datetime) -> datetime:
        return at.astimezone(ZoneInfo(self.timezone))

    def day(self, at: datetime | date) -> str:
        """Nov 24, 2026 or 24 nov. 2026."""
        return _day(self.local(at).date() if isinstance(at, datetime) else at, self.region)

    def month(self, day: date) -> str:
        """March 2027 or mars 2027."""
        return format_date(day, "MMMM y", locale=self.region)

    def clock(self, at: datetime) -> str:
        """7:10 a.m. or 07 h 10."""
        local = self.local(at)
        return _clock(local.hour, local.minute, self.region)

    def hour(self, at: time) -> str:
        """5:00 p.m. or 17 h 00, of the wall clock."""
        return format_time(at, "short", locale=self.region).replace(" ", NO_BREAK)

    def moment(self, at: datetime) -> str:
        return self("web.moment", day=self.day(at), clock=self.clock(at))

    def ago(self, at: datetime) -> str:
        """3 days ago; an instant that is still to come, by a slow clock, is now."""
        since = self.now - at
        if since.total_seconds() < 1:
            return self("web.just_now")
        return format_timedelta(-since, add_direction=True, locale=self.region)

    def left(self, at: datetime) -> str:
        """22 hours: how long it still is until an instant; days only from two on."""
        return format_timedelta(max(at - self.now, timedelta()), threshold=2, locale=self.region)

    def method(self, method: PaymentMethod | None) -> str:
        """Visa ••4242."""
        if method is None:
            return self("web.method.none")
        brand = BRANDS.get(method.brand.lower(), method.brand) or self(f"web.method.{method.kind}")
        return f"{brand} {DOTS}{method.last4}" if method.last4 else brand

    def expiry(self, method: PaymentMethod) -> str:
        """2027-03 as 03/27, as it is printed on the card."""
        year, _, month = method.expiry.partition("-")
        return f"{month}/{year[2:]}" if month else ""

    def short(self, id: str) -> str:
        """An id as a row shows it: of ours, the end, which tells them apart (and which the search finds)."""
        return id if len(id) <= SHOWN_WHOLE else f"{id.partition('_')[0]}_…{id[-SHOWN_END:]}"

    def reason(self, code: str, part: str) -> str:
        """`part` is `staff` (why it failed, for who works here) or `next` (what to do)."""
        return self.either(f"reason.{code}.{part}", f"reason.declined.{part}")

    def refusal(self, why: Refusal) -> str:
        """Why something is refused; instants as people here read them."""
        at = {name: self.moment(datetime.fromisoformat(why.params[name])) for name in INSTANTS if name in why.params}
        return self.either(f"refusal.{why.code}", "refusal.refused", **{**why.params, **at})

    def next_step(self, item: ActionItem, method: PaymentMethod | None) -> str:
        """What to do about an item."""
        if not is_about_repayment(item):
            return self.reason(item.reason, "next")
        return self(next_step(item, method, item.reason))

    def who(self, by: str, names: dict[str, str]) -> str:
        """The person's name, the product's for what it did by itself, or a service's as it signed."""
        return self("web.product") if by in (SYSTEM, "") else names.get(by, by)
