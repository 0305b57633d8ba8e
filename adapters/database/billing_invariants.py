"""Invariants of client billing: what is matched, given back and awarded fits what there is."""

BILLING = {
    "sources_are_used_once": """
        SELECT u.organisation, u.source_kind, u.source, u.used, t.amount AS posted FROM (
            SELECT organisation, client, source_kind, source, sum(amount) AS used FROM (
                SELECT organisation, client, source_kind, source, amount FROM allocations
                UNION ALL SELECT organisation, client, source_kind, source, amount FROM consumptions) AS matched
            GROUP BY organisation, client, source_kind, source) u
        LEFT JOIN ledger_transactions t ON t.organisation = u.organisation AND t.client = u.client
            AND t.kind = u.source_kind AND t.subject = u.source
        WHERE u.used > coalesce(t.amount, 0)""",
    "reversed_payment_covers_nothing": """
        SELECT a.organisation, a.id, a.source, a.amount FROM allocations a
        JOIN payments p ON p.organisation = a.organisation AND p.id = a.source
        WHERE a.source_kind = 'payment' AND p.state <> 'paid'""",
    "refunded_is_what_its_refunds_say": """
        SELECT p.organisation, p.id, p.refunded, coalesce(r.amount, 0) AS refunds FROM payments p
        LEFT JOIN (SELECT organisation, payment, sum(amount) AS amount FROM refunds
            WHERE state NOT IN ('failed', 'cancelled') GROUP BY organisation, payment) r
            ON r.organisation = p.organisation AND r.payment = p.id
        LEFT JOIN (SELECT organisation, payment, sum(amount) AS amount FROM repayments
            WHERE refund IS NULL AND state IN ('due', 'submitting', 'unknown', 'in_doubt')
            GROUP BY organisation, payment) a ON a.organisation = p.organisation AND a.payment = p.id
        WHERE p.refunded <> coalesce(r.amount, 0) + coalesce(a.amount, 0)""",
    "refund_consumes_its_amount": """
        SELECT r.organisation, r.id, r.state, r.amount, coalesce(c.amount, 0) AS consumed FROM refunds r
        LEFT JOIN (SELECT organisation, refund, sum(amount) AS amount FROM consumptions
            GROUP BY organisation, refund) c ON c.organisation = r.organisation AND c.refund = r.id
        WHERE coalesce(c.amount, 0) <> CASE WHEN r.state IN ('failed', 'cancelled') THEN 0 ELSE r.amount END""",
    "refund_is_posted_and_reversed_as_its_state_says": """
        SELECT r.organisation, r.id, r.state, r.amount, t.amount AS posted, v.amount AS reversed FROM refunds r
        LEFT JOIN ledger_transactions t ON t.organisation = r.organisation AND t.client = r.client
            AND t.kind = 'refund' AND t.subject = r.id
        LEFT JOIN ledger_transactions v ON v.organisation = r.organisation AND v.client = r.client
            AND v.kind = 'refund_reversal' AND v.subject = r.id
        WHERE t.amount IS NULL OR t.amount <> r.amount OR (v.amount IS NOT NULL AND v.amount <> r.amount)
            OR (v.amount IS NULL) = (r.state IN ('failed', 'cancelled'))""",
    "credit_is_posted_with_its_amount": """
        SELECT c.organisation, c.id, c.amount, t.amount AS posted FROM credits c
        LEFT JOIN ledger_transactions t ON t.organisation = c.organisation AND t.client = c.client
            AND t.kind = 'credit' AND t.subject = c.id
        WHERE t.amount IS NULL OR t.amount <> c.amount""",
    "reversed_payment_has_its_reversal": """
        SELECT p.organisation, p.id, p.state, p.amount, t.amount AS reversed FROM payments p
        LEFT JOIN ledger_transactions t ON t.organisation = p.organisation AND t.client = p.client
            AND t.kind = 'payment_reversal' AND t.subject = p.id
        WHERE CASE WHEN p.state = 'reversed' THEN t.amount IS NULL OR t.amount <> p.amount
            ELSE t.amount IS NOT NULL END""",
    "fund_holds_what_was_not_awarded": """
        SELECT f.organisation, f.id, f.opened_with, f.balance, coalesce(p.amount, 0) AS awarded FROM funds f
        LEFT JOIN (SELECT organisation, comment, sum(amount) AS amount FROM payments
            WHERE offline = 'scholarship' AND state = 'paid' GROUP BY organisation, comment) p
            ON p.organisation = f.organisation AND p.comment = f.id
        WHERE f.balance <> f.opened_with - coalesce(p.amount, 0)""",
}  # fmt: skip
