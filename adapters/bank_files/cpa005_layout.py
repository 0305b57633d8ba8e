"""CPA-005: logical records of 1464 characters, of which a payment is a segment of 240; one segment to a record."""

from adapters.bank_files.fixed import layout

WIDTH = 1464
SEGMENT = 240
SEGMENTS = 6
PREFIX = 24
MAX_CREATION_NUMBER = 9_999  # then it begins again at 1; a gap or a repetition is refused by the bank
MAX_ENTRY = 9_999_999_999

# fmt: off
HEADER = layout(WIDTH, [
    ("type",              1,  1, "=", "A"),
    ("count",             2, 10, "n"),
    ("originator",       11, 20, "a"),
    ("creation_number",  21, 24, "n"),
    ("created_on",       25, 30, "a"),    # 0YYDDD
    ("data_centre",      31, 35, "n"),
    ("currency",         56, 58, "a"),
])
START = layout(PREFIX, [
    ("type",              1,  1, "a"),
    ("count",             2, 10, "n"),
    ("originator",       11, 20, "a"),
    ("creation_number",  21, 24, "n"),
])
PAYMENT = layout(SEGMENT, [
    ("transaction_type",  1,   3, "n"),
    ("amount",            4,  13, "n"),
    ("due_on",           14,  19, "a"),
    ("institution",      20,  28, "n"),    # 0, three digits of the bank, five of the transit
    ("account",          29,  40, "a"),
    ("item_trace",       41,  62, "n"),
    ("stored_type",      63,  65, "n"),
    ("short_name",       66,  80, "a"),
    ("name",             81, 110, "a"),
    ("long_name",       111, 140, "a"),
    ("originator",      141, 150, "a"),
    ("cross_reference", 151, 169, "a"),    # our key: it comes back in returns
    ("return_to",       170, 178, "n"),
    ("return_account",  179, 190, "a"),
    ("sundry",          191, 205, "a"),
    ("settlement",      228, 229, "a"),
    ("invalid",         230, 240, "n"),
])
TRAILER = layout(WIDTH, [
    ("type",              1,   1, "=", "Z"),
    ("count",             2,  10, "n"),
    ("originator",       11,  20, "a"),
    ("creation_number",  21,  24, "n"),
    ("debit",            25,  38, "n"),
    ("debits",           39,  46, "n"),    # payments, not records
    ("credit",           47,  60, "n"),
    ("credits",          61,  68, "n"),
    ("corrected_debit",  69,  82, "n"),
    ("corrected_debits", 83,  90, "n"),
    ("corrected_credit", 91, 104, "n"),
    ("corrected_credits", 105, 112, "n"),
])
DEBIT, CREDIT = "D", "C"
RETURNED = {"J": "debit", "I": "credit"}  # from memory of the trade: no public sample exists
FEES_AND_DUES = 470
# fmt: on


def institution(bank: str, transit: str) -> int:
    """Three digits of the bank and five of the branch as the nine of a record."""
    return int(f"0{bank:0>3}{transit:0>5}")
