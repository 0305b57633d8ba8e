"""NACHA: records of 94 characters, their fields as the rule book numbers them, and the codes in them."""

from adapters.bank_files.fixed import layout

WIDTH = 94
BLOCK = 10  # records in a block: a file is padded to whole blocks with lines of nines
PADDING = "9" * WIDTH
HASH_DIGITS = 10**10
MAX_FILE_TOTAL = 999_999_999_999  # twelve digits
MAX_ENTRY = 9_999_999_999  # ten digits

# fmt: off
FILE_HEADER = layout(WIDTH, [
    ("type",                1,  1, "=", "1"),
    ("priority",            2,  3, "=", "01"),
    ("destination",         4, 13, "a"),
    ("origin",             14, 23, "a"),
    ("created_on",         24, 29, "a"),
    ("created_at",         30, 33, "a"),
    ("modifier",           34, 34, "a"),
    ("record_size",        35, 37, "=", "094"),
    ("blocking",           38, 39, "=", "10"),
    ("format",             40, 40, "=", "1"),
    ("destination_name",   41, 63, "a"),
    ("origin_name",        64, 86, "a"),
    ("reference",          87, 94, "a"),
])
BATCH_HEADER = layout(WIDTH, [
    ("type",                1,  1, "=", "5"),
    ("service_class",       2,  4, "n"),
    ("company_name",        5, 20, "a"),
    ("discretionary",      21, 40, "a"),
    ("company_id",         41, 50, "a"),
    ("sec",                51, 53, "a"),
    ("description",        54, 63, "a"),
    ("descriptive_date",   64, 69, "a"),
    ("effective_on",       70, 75, "a"),
    ("settlement",         76, 78, "a"),    # the operator fills it
    ("originator_status",  79, 79, "a"),
    ("odfi",               80, 87, "n"),
    ("number",             88, 94, "n"),
])
ENTRY = layout(WIDTH, [
    ("type",                1,  1, "=", "6"),
    ("code",                2,  3, "n"),
    ("rdfi",                4, 11, "n"),
    ("check_digit",        12, 12, "n"),
    ("account",            13, 29, "a"),
    ("amount",             30, 39, "n"),
    ("individual_id",      40, 54, "a"),
    ("name",               55, 76, "a"),
    ("payment_type",       77, 78, "a"),
    ("addenda",            79, 79, "n"),
    ("odfi",               80, 87, "n"),    # with the sequence: the trace
    ("sequence",           88, 94, "n"),
])
BATCH_CONTROL = layout(WIDTH, [
    ("type",                1,  1, "=", "8"),
    ("service_class",       2,  4, "n"),
    ("entries",             5, 10, "n"),
    ("hash",               11, 20, "n"),
    ("debit",              21, 32, "n"),
    ("credit",             33, 44, "n"),
    ("company_id",         45, 54, "a"),
    ("odfi",               80, 87, "n"),
    ("number",             88, 94, "n"),
])
FILE_CONTROL = layout(WIDTH, [
    ("type",                1,  1, "=", "9"),
    ("batches",             2,  7, "n"),
    ("blocks",              8, 13, "n"),
    ("entries",            14, 21, "n"),
    ("hash",               22, 31, "n"),
    ("debit",              32, 43, "n"),
    ("credit",             44, 55, "n"),
])

# (account, credit?, prenote?) -> transaction code
CODES = {
    ("checking", False, False): 27,
    ("checking", True,  False): 22,
    ("checking", False, True):  28,
    ("checking", True,  True):  23,
    ("savings",  False, False): 37,
    ("savings",  True,  False): 32,
    ("savings",  False, True):  38,
    ("savings",  True,  True):  33,
}
CREDITS = frozenset(code for (_, credit, _), code in CODES.items() if credit)
PRENOTES = frozenset(code for (_, _, prenote), code in CODES.items() if prenote)
SEC_CODES = ("WEB", "PPD", "TEL", "CCD")
MIXED, CREDITS_ONLY, DEBITS_ONLY = 200, 220, 225
RETRY = "RETRY PYMT"  # the description of a re-presentment, to the letter
# fmt: on

CHECK_WEIGHTS = (3, 7, 1, 3, 7, 1, 3, 7, 1)


def routing_is_valid(routing: str) -> bool:
    """Nine digits whose weighted sum ends in zero."""
    if len(routing) != 9 or not (routing.isascii() and routing.isdigit()):
        return False
    return sum(weight * int(digit) for weight, digit in zip(CHECK_WEIGHTS, routing, strict=True)) % 10 == 0
