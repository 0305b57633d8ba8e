"""Invariants of bank files: each entry once and as it was asked for, totals that agree, nothing left lying."""

from domain.capabilities import CAPABILITIES

BY_FILE = ", ".join(f"'{name}'" for name, row in CAPABILITIES.items() if row.by_file)

BANK_FILES = {
    "bank_file_has_its_control_totals": """
        SELECT f.organisation, f.id, f.count, f.total, coalesce(n.times, 0) AS entries, coalesce(n.amount, 0) AS amount
        FROM bank_files f LEFT JOIN (
            SELECT organisation, file, count(*) AS times, sum(amount) AS amount FROM bank_entries
            GROUP BY organisation, file
        ) n ON n.organisation = f.organisation AND n.file = f.id
        WHERE f.count <> coalesce(n.times, 0) OR f.total <> coalesce(n.amount, 0)""",
    "bank_entry_is_what_was_asked_for": """
        SELECT n.organisation, n.key, n.file FROM bank_entries n
        JOIN bank_files f ON f.organisation = n.organisation AND f.id = n.file
        LEFT JOIN echecks e ON e.organisation = n.organisation AND e.id = n.key AND NOT n.credit
        LEFT JOIN repayments r ON r.organisation = n.organisation AND r.key = n.key AND n.credit
        WHERE coalesce(e.amount, r.amount, 0) <> n.amount OR n.merchant_account <> f.merchant_account
            OR coalesce(e.merchant_account, r.merchant_account) <> n.merchant_account
            OR coalesce(e.batch, '') <> coalesce(f.batch, '')""",
    "bank_entry_has_its_own_trace": """
        SELECT organisation, file, trace, count(*) AS times FROM bank_entries
        GROUP BY organisation, file, trace HAVING count(*) > 1""",
    "echeck_submitted_by_file_is_in_one_that_the_bank_has": f"""
        SELECT e.organisation, e.id FROM echecks e
        JOIN merchant_accounts m ON m.organisation = e.organisation AND m.id = e.merchant_account
        WHERE e.state = 'submitted' AND m.processor IN ({BY_FILE}) AND NOT EXISTS (
            SELECT 1 FROM bank_entries n JOIN bank_files f ON f.organisation = n.organisation AND f.id = n.file
            WHERE n.organisation = e.organisation AND n.key = e.id AND f.state = 'delivered')""",
}  # fmt: skip

BANK_FILES_BY_NOW = {
    "no_bank_file_waits_to_be_delivered": """
        SELECT organisation, id, name, why FROM bank_files WHERE state = 'written' AND written_at < :before""",
}  # fmt: skip
