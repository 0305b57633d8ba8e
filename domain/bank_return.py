"""What a bank sends back: a return, a notification of change, or something that only a person can read.

The tables say what each network code means in our words, and how it counts against the originator.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Family(StrEnum):
    """How a return counts in the rates that networks watch (section 1.7 of the rules of Nacha)."""

    UNAUTHORISED = "unauthorised"
    ADMINISTRATIVE = "administrative"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class BankReturn:
    """One entry that came back. `key` is our reference as the bank repeats it, `trace` the number of the original
    entry; `rdfi` the bank that it went to. It counts only where all that is given agrees with what was sent."""

    code: str
    amount: int
    credit: bool = False
    trace: str = ""
    rdfi: str = ""
    key: str = ""
    line: int = 0

    @property
    def mark(self) -> str:
        """The same return is the same mark, in whichever file it comes again."""
        return "/".join((self.code, self.trace or self.key, self.rdfi, str(self.amount)))


@dataclass(frozen=True, slots=True, kw_only=True)
class BankChange:
    """A notification of change: what to write on the account on file. `corrected` names fields of the account:
    account, routing, type, name."""

    code: str
    trace: str
    rdfi: str
    corrected: Mapping[str, str] = field(repr=False)
    line: int = 0

    @property
    def mark(self) -> str:
        return "/".join((self.code, self.trace, self.rdfi))


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A record that is no return and no change: parked with its reason, nothing is lost. `why` is one of truncated,
    unknown_record, bad_trace, bad_amount, dispute, no_correction, bad_code."""

    why: str
    line: int = 0
    record: str = field(default="", repr=False)

    @property
    def mark(self) -> str:
        return f"{self.why}/{self.record}"


FromBank = BankReturn | BankChange | Unreadable

U, A, O = Family.UNAUTHORISED, Family.ADMINISTRATIVE, Family.OTHER  # noqa: E741 - a column of the table

# fmt: off
RETURNS: Mapping[str, tuple[str, Family]] = {
    # code   in our words           counts as
    # NACHA
    "R01": ("insufficient_funds",   O),
    "R02": ("closed_account",       A),
    "R03": ("account_not_found",    A),
    "R04": ("account_not_found",    A),
    "R05": ("revoked",              U),
    "R06": ("returned_on_request",  O),
    "R07": ("revoked",              U),
    "R08": ("payment_stopped",      O),
    "R09": ("insufficient_funds",   O),
    "R10": ("revoked",              U),
    "R11": ("revoked",              U),
    "R12": ("account_not_found",    O),
    "R13": ("account_not_found",    O),
    "R14": ("holder_deceased",      O),
    "R15": ("holder_deceased",      O),
    "R16": ("not_allowed",          O),
    "R17": ("bank_file_error",      O),
    "R18": ("bank_file_error",      O),
    "R19": ("bank_file_error",      O),
    "R20": ("not_allowed",          O),
    "R21": ("bank_file_error",      O),
    "R22": ("bank_file_error",      O),
    "R23": ("declined",             O),
    "R24": ("suspected_duplicate",  O),
    "R25": ("bank_file_error",      O),
    "R26": ("bank_file_error",      O),
    "R27": ("bank_file_error",      O),
    "R28": ("bank_file_error",      O),
    "R29": ("revoked",              U),
    "R30": ("bank_file_error",      O),
    "R31": ("returned_on_request",  O),
    "R32": ("bank_file_error",      O),
    "R33": ("returned_on_request",  O),
    "R34": ("bank_file_error",      O),
    "R35": ("bank_file_error",      O),
    "R36": ("bank_file_error",      O),
    "R37": ("suspected_duplicate",  O),
    "R38": ("payment_stopped",      O),
    "R39": ("bank_file_error",      O),
    "R50": ("bank_file_error",      O),
    "R51": ("revoked",              U),
    "R52": ("payment_stopped",      O),
    "R53": ("suspected_duplicate",  O),
    "R80": ("bank_file_error",      O),
    "R81": ("bank_file_error",      O),
    "R82": ("account_not_found",    O),
    "R83": ("bank_file_error",      O),
    "R84": ("bank_file_error",      O),
    "R85": ("bank_file_error",      O),
    # CPA-005
    "900": ("bank_file_error",      O),
    "901": ("insufficient_funds",   O),
    "902": ("account_not_found",    A),
    "903": ("payment_stopped",      O),
    "904": ("bank_file_error",      O),
    "905": ("closed_account",       A),
    "906": ("account_not_found",    O),
    "907": ("not_allowed",          O),
    "908": ("insufficient_funds",   O),
    "909": ("bank_file_error",      O),
    "910": ("holder_deceased",      O),
    "911": ("not_allowed",          O),
    "912": ("account_not_found",    A),
    "914": ("account_not_found",    O),
    "915": ("revoked",              U),
    "916": ("revoked",              U),
    "917": ("revoked",              U),
    "918": ("revoked",              U),
    "919": ("revoked",              U),
    "920": ("revoked",              U),
    "921": ("revoked",              U),
    "922": ("declined",             O),
    "990": ("issuer_unavailable",   O),
    "998": ("bank_file_error",      O),
}
# Between banks about an earlier return: a person reads them, no rule of ours does anything.
DISPUTES = frozenset({"R61", "R62", "R67", "R68", "R69", "R70", *(f"R7{number}" for number in range(1, 8))})
# fmt: on


def meaning(network_code: str) -> str:
    """A network's code in our words; one that nobody has mapped (a bank's private R97) is a plain refusal."""
    return RETURNS.get(network_code, ("declined", O))[0]


def family(network_code: str) -> Family:
    return RETURNS.get(network_code, ("declined", O))[1]
