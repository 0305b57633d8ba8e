"""Invariants of subscriptions: each period that was billed has its one invoice and its one payment."""

PERIODS = {
    "period_has_its_own_invoice": """
        SELECT r.organisation, r.subscription, r.number, r.invoice FROM renewals r
        LEFT JOIN invoices i ON i.organisation = r.organisation AND i.id = r.invoice AND i.client = r.client
        WHERE i.id IS NULL OR i.total <> r.amount OR i.booked_on <> r."on" """,
    "invoice_is_of_one_period": """
        SELECT organisation, invoice, count(*) AS periods FROM renewals GROUP BY organisation, invoice
        HAVING count(*) > 1""",
    "invoice_of_a_subscription_is_of_a_period": """
        SELECT i.organisation, i.id FROM invoices i WHERE i.origin = 'subscription' AND NOT EXISTS (
            SELECT 1 FROM renewals r WHERE r.organisation = i.organisation AND r.invoice = i.id)""",
    "period_is_asked_for_by_its_own_payment": """
        SELECT r.organisation, r.subscription, r.number, r.payment FROM renewals r
        LEFT JOIN payments p ON p.organisation = r.organisation AND p.id = r.payment
        WHERE r.amount > 0 AND (p.id IS NULL OR p.kind <> 'subscription' OR p.subscription <> r.subscription
            OR p.number <> r.number + 1 OR p.invoice <> r.invoice OR p.client <> r.client)""",
    "charge_of_a_subscription_is_of_a_period": """
        SELECT p.organisation, p.id, p.subscription FROM payments p WHERE p.kind = 'subscription' AND NOT EXISTS (
            SELECT 1 FROM renewals r WHERE r.organisation = p.organisation AND r.subscription = p.subscription
                AND r.number = p.number - 1 AND r.payment = p.id)""",
    "subscription_has_billed_what_it_says": """
        SELECT s.organisation, s.id, s.billed, s.number, coalesce(r.newest, -1) AS newest FROM subscriptions s
        LEFT JOIN (SELECT organisation, subscription, max(number) AS newest FROM renewals
            GROUP BY organisation, subscription) r ON r.organisation = s.organisation AND r.subscription = s.id
        WHERE s.billed <> coalesce(r.newest, -1) OR s.number <= s.billed
            OR (s.ends_on IS NOT NULL AND s.next_on > s.ends_on) OR (s.ends_on IS NULL AND s.next_on IS NULL)""",
    "subscription_is_told_to_its_own_client": """
        SELECT r.organisation, r.subscription, r.client, s.client AS other FROM renewals r
        LEFT JOIN subscriptions s ON s.organisation = r.organisation AND s.id = r.subscription
        WHERE s.client IS NULL OR s.client <> r.client""",
}  # fmt: skip

LATE_PERIODS = """
    SELECT s.id, s.next_on FROM subscriptions s WHERE s.organisation = :organisation AND s.next_on <= :through
    LIMIT 100"""
