"""Invariants of e-checks: each in one batch, its totals its own, receipts as their verdicts say, none forgotten."""

ECHECKS = {
    "echeck_stands_as_its_payment_does": """
        SELECT e.organisation, e.id, e.state, p.state AS payment FROM echecks e
        LEFT JOIN payments p ON p.organisation = e.organisation AND p.id = e.payment
        WHERE p.state IS NULL OR p.client <> e.client OR p.amount <> e.amount
            OR p.state <> CASE WHEN e.state IN ('returned', 'cancelled') THEN 'reversed' ELSE 'paid' END""",
    "batch_has_its_control_totals": """
        SELECT b.organisation, b.id, b.count, b.total, coalesce(e.times, 0) AS entries, coalesce(e.amount, 0) AS amount
        FROM echeck_batches b LEFT JOIN (
            SELECT organisation, batch, count(*) AS times, sum(amount) AS amount FROM echecks
            GROUP BY organisation, batch
        ) e ON e.organisation = b.organisation AND e.batch = b.id
        WHERE b.count <> coalesce(e.times, 0) OR b.total <> coalesce(e.amount, 0)""",
    "echeck_is_in_a_batch_of_its_account_once_it_left": """
        SELECT e.organisation, e.id, e.state, e.batch FROM echecks e
        LEFT JOIN echeck_batches b ON b.organisation = e.organisation AND b.id = e.batch
            AND b.merchant_account = e.merchant_account AND b.currency = e.currency
        WHERE CASE WHEN e.state IN ('pending', 'cancelled') THEN e.batch IS NOT NULL ELSE b.id IS NULL END""",
    "submitted_batch_holds_nothing_back": """
        SELECT b.organisation, b.id, e.id AS echeck FROM echeck_batches b
        JOIN echecks e ON e.organisation = b.organisation AND e.batch = b.id
        WHERE b.state = 'submitted' AND e.state = 'batched'""",
    "echeck_under_way_is_looked_at_by_somebody": """
        SELECT e.organisation, e.id, e.state FROM echecks e
        WHERE e.worker IS NULL AND e.next_at IS NULL AND (e.state IN ('batched', 'submitted')
            OR (e.state = 'unknown' AND NOT EXISTS (SELECT 1 FROM action_items i JOIN payments p
                ON p.organisation = i.organisation AND (p.id = i.payment OR p.retry_of = i.payment)
                WHERE i.organisation = e.organisation AND p.id = e.payment AND i.state IN ('open', 'retrying'))))""",
    "ended_echeck_is_nobodys": """
        SELECT organisation, id, state FROM echecks WHERE state IN ('returned', 'cancelled', 'pending')
        AND (worker IS NOT NULL OR next_at IS NOT NULL)""",
    "returned_echeck_had_its_item": """
        SELECT e.organisation, e.id FROM echecks e JOIN payments p
            ON p.organisation = e.organisation AND p.id = e.payment
        WHERE e.state = 'returned' AND NOT EXISTS (SELECT 1 FROM action_items i
            WHERE i.organisation = e.organisation AND i.payment = coalesce(p.retry_of, p.id))""",
    "re_presentments_are_counted_without_gaps": """
        SELECT organisation, first, count(*) AS times, max(presented) AS newest FROM echecks
        GROUP BY organisation, first HAVING count(*) <> max(presented) OR count(DISTINCT amount) <> 1""",
}  # fmt: skip

ECHECKS_BY_NOW = {
    "no_batched_echeck_waits_to_be_handed_over": """
        SELECT e.organisation, e.id, e.state FROM echecks e WHERE e.state = 'batched' AND e.next_at < :before
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = e.organisation AND c.id = e.merchant_account
            AND (c.state <> 'closed' OR c.counted_at > :before))""",
    "no_verdict_is_asked_for_late": """
        SELECT e.organisation, e.id, e.state FROM echecks e
        WHERE e.state IN ('submitted', 'unknown') AND e.next_at < :before
        AND NOT EXISTS (SELECT 1 FROM cares c WHERE c.organisation = e.organisation AND c.id = e.merchant_account
            AND (c.state <> 'closed' OR c.counted_at > :before))""",
}  # fmt: skip
