"""Invariants of money that goes back: never twice, never more than was paid, nothing forgotten (R1-R6)."""

REFUNDS = {
    "refunds_never_exceed_what_was_paid": """
        SELECT p.organisation, p.id, p.amount, sum(r.amount) AS refunds FROM refunds r
        JOIN payments p ON p.organisation = r.organisation AND p.id = r.payment
        WHERE r.state NOT IN ('failed', 'cancelled')
        GROUP BY p.organisation, p.id, p.amount HAVING sum(r.amount) > p.amount""",
    "processor_gave_back_no_more_than_was_charged": """
        SELECT a.organisation, a.payment, sum(a.amount) AS given, c.amount AS charged FROM repayments a
        JOIN (SELECT key, amount FROM attempts UNION ALL SELECT id, amount FROM echecks) c ON c.key = a.of_key
        WHERE a.state IN ('submitting', 'unknown', 'in_doubt', 'approved')
        GROUP BY a.organisation, a.payment, c.amount HAVING sum(a.amount) > c.amount""",
    "refund_has_one_key_that_may_live": """
        SELECT organisation, refund, count(*) AS keys FROM repayments
        WHERE refund IS NOT NULL AND state IN ('submitting', 'unknown', 'in_doubt', 'approved')
        GROUP BY organisation, refund HAVING count(*) > 1""",
    "refund_stands_where_its_last_repayment_does": """
        SELECT r.organisation, r.id, r.state, a.state AS repayment FROM refunds r
        LEFT JOIN repayments a ON a.organisation = r.organisation AND a.refund = r.id AND a.number = r.attempts
        WHERE r.offline IS NULL AND CASE r.state
            WHEN 'submitting' THEN coalesce(a.state, '') <> 'submitting'
            WHEN 'unknown' THEN coalesce(a.state, '') NOT IN ('unknown', 'in_doubt')
            WHEN 'submitted' THEN coalesce(a.state, '') <> 'approved'
            WHEN 'settled' THEN coalesce(a.state, '') <> 'approved'
            WHEN 'pending' THEN coalesce(a.state, 'declined') <> 'declined'
            WHEN 'cancelled' THEN coalesce(a.state, 'declined') <> 'declined'
            ELSE coalesce(a.state, 'declined') NOT IN ('declined', 'closed', 'approved') END""",
    "refund_asks_for_its_own_amount": """
        SELECT a.organisation, a.key, a.amount, r.amount AS refund, a.payment, r.payment AS refunded FROM repayments a
        JOIN refunds r ON r.organisation = a.organisation AND r.id = a.refund
        WHERE a.amount <> r.amount OR a.payment <> r.payment""",
    "refund_goes_back_to_the_method_that_paid": """
        SELECT r.organisation, r.id, r.payment_method, p.payment_method AS paid_by FROM refunds r
        JOIN payments p ON p.organisation = r.organisation AND p.id = r.payment
        WHERE r.payment_method IS NULL OR r.payment_method <> p.payment_method""",
    "failed_refund_has_its_item": """
        SELECT r.organisation, r.id FROM refunds r WHERE r.state = 'failed' AND NOT EXISTS (
            SELECT 1 FROM action_items i WHERE i.organisation = r.organisation AND i.payment = r.payment
            AND i."of" = 'refund')""",
    "refund_in_doubt_has_its_item": """
        SELECT a.organisation, a.key FROM repayments a WHERE a.state = 'in_doubt'
        AND NOT EXISTS (SELECT 1 FROM action_items i WHERE i.organisation = a.organisation
            AND i.payment = a.payment AND i.refund = coalesce(a.refund, '') AND i.state = 'open'
            AND i.kind = 'in_doubt')""",
    "item_of_a_refund_has_something_to_wait_for": """
        SELECT i.organisation, i.id, i.state, i.kind, r.state AS refund FROM action_items i
        LEFT JOIN refunds r ON r.organisation = i.organisation AND r.id = i.refund
        WHERE i."of" = 'refund' AND ((i.state = 'open' AND i.kind = 'refund'
                AND coalesce(r.state, '') NOT IN ('failed', 'submitted'))
            OR (i.state = 'open' AND i.kind = 'in_doubt' AND coalesce(r.state, '') <> 'unknown')
            OR (i.state = 'retrying' AND coalesce(r.state, '') NOT IN ('pending', 'submitting', 'unknown')))""",
    "unknown_repayment_is_looked_up_by_somebody": """
        SELECT organisation, key, state FROM repayments
        WHERE worker IS NULL AND (state = 'submitting' OR (state = 'unknown' AND next_at IS NULL))""",
    "ended_repayment_is_nobodys": """
        SELECT organisation, key, state, worker FROM repayments WHERE state IN ('approved', 'declined', 'closed')
        AND (worker IS NOT NULL OR next_at IS NOT NULL OR ended_at IS NULL)""",
    "cancelled_payment_was_cancelled_at_its_processor_or_taken_back": """
        SELECT p.organisation, p.id FROM payments p WHERE p.state = 'reversed' AND p.offline IS NULL
        AND NOT EXISTS (SELECT 1 FROM repayments a WHERE a.organisation = p.organisation AND a.payment = p.id
            AND a.refund IS NULL AND a.state = 'approved')
        AND NOT EXISTS (SELECT 1 FROM events e WHERE e.organisation = p.organisation
            AND e.subject = 'payment:' || p.id AND e.type = 'payment.reversed'
            AND CAST(e.data AS text) LIKE '%reason%')
        AND NOT EXISTS (SELECT 1 FROM echecks e WHERE e.organisation = p.organisation AND e.payment = p.id
            AND e.state IN ('cancelled', 'returned'))""",
    "sent_refund_is_followed": """
        SELECT organisation, id FROM refunds WHERE state = 'submitted' AND follow_on IS NULL""",
}

REFUNDS_BY_NOW = {
    "no_refund_is_late": """
        SELECT f.organisation, f.id, f.send_on FROM refunds f WHERE f.state = 'pending' AND (f.due_at < :before
            OR (f.due_at IS NULL AND f.send_on <= (SELECT max(r.business_date) FROM runs r
                WHERE r.organisation = f.organisation AND r.kind = 'night' AND r.started_at < :before)))""",
    "no_cancellation_of_a_payment_is_late": """
        SELECT organisation, payment, key FROM repayments WHERE state = 'due' AND promised_at < :before""",
    "no_look_up_of_a_repayment_is_late": """
        SELECT organisation, payment, key, state FROM repayments
        WHERE worker IS NULL AND next_at < :before AND state IN ('unknown', 'in_doubt')""",
    "no_repayment_is_held_by_the_dead": """
        SELECT a.organisation, a.key, a.state, a.worker FROM repayments a
        WHERE a.state IN ('submitting', 'unknown', 'in_doubt') AND a.worker IS NOT NULL AND a.promised_at < :before
        AND NOT EXISTS (SELECT 1 FROM workers w
            WHERE substr(a.worker, 1, length(w.id) + 1) = w.id || '/' AND w.beat_at > :before)""",
    "no_question_about_a_refund_is_late": """
        SELECT f.organisation, f.id, f.follow_on FROM refunds f WHERE f.state = 'submitted'
        AND f.follow_on <= (SELECT max(r.business_date) FROM runs r WHERE r.organisation = f.organisation
            AND r.kind = 'night' AND r.started_at < :before)""",
}
