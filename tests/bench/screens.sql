-- What replicas are allowed is allowed here: no trigger is fired and no reference looked up while rows are poured in.
SET session_replication_role = replica;
INSERT INTO organisations VALUES ('{club}', 'Club', 'America/Toronto', 'CAD', 'en', '{{}}', now());
INSERT INTO merchant_accounts SELECT '{club}', 'm' || g, 'simulator', '["card"]', '{{}}' FROM generate_series(0, 3) g;
INSERT INTO administrators VALUES ('{club}', 'emma', 'Emma', 'emma@example.org', 'en', '{permissions}', false, '[]', now());
INSERT INTO clients SELECT '{club}', 'c' || g, (%(first)s::text[])[1 + mod(g * 7, {firsts})] || ' ' ||
        (%(last)s::text[])[1 + mod(g / {firsts}, {lasts})] || ' ' || chr(65 + mod(g, 26)) || chr(97 + mod(g / 26, 26)),
        'c' || g || '@example.org', 'en', now() - interval '1 year' FROM generate_series(1, {clients}) g;
INSERT INTO payment_methods (organisation, id, client, kind, merchant_account, token, brand, last4, expiry, holder,
        mandate, state, dead_reason, created_at)
    SELECT '{club}', 'pm' || g, 'c' || g, 'card', 'm' || mod(g, 4), 'tok_approve', (array['visa', 'mastercard', 'amex'])
    [1 + mod(g, 3)], lpad(mod(g * 37, 10000)::text, 4, '0'), '2028-01', '', '{{}}', 'active', '', now() - interval '1 year'
    FROM generate_series(1, {clients}) g;
INSERT INTO invoices SELECT '{club}', 'i' || g, 'c' || 1 + mod(g, {clients}), 10000, current_date - mod(g, 700), 'purchase',
    '', now() FROM generate_series(1, {invoices}) g;
INSERT INTO invoice_lines SELECT '{club}', 'i' || g, 'l1', 0, 'Swimming', 1, 10000, '[]', 0, 'sales', 10000,
    CASE WHEN g <= {items} THEN 5000 ELSE 10000 END FROM generate_series(1, {invoices}) g;
INSERT INTO payments (organisation, id, kind, client, invoice, merchant_account, payment_method, amount, due_on, state,
        version, attempts, ref, refunded, created_at)
    SELECT '{club}', 'p' || g, 'payment', 'c' || 1 + mod(g, {clients}), 'i' || g, 'm' || mod(1 + mod(g, {clients}), 4),
        'pm' || 1 + mod(g, {clients}), CASE WHEN g <= {items} THEN 5000 ELSE 10000 END, current_date - mod(g, 700), 'paid', 1,
        1, 'e' || lpad(g::text, 12, '0'), 0, now() FROM generate_series(1, {invoices}) g;
INSERT INTO payments (organisation, id, kind, client, invoice, merchant_account, payment_method, amount, due_on, state,
        version, attempts, ref, refunded, created_at)
    SELECT '{club}', 'pay_' || md5(g::text), (%(of)s::text[])[1 + mod(g, 10)], 'c' || 1 + mod(g, {clients}), 'i' || g,
        'm' || mod(1 + mod(g, {clients}), 4), 'pm' || 1 + mod(g, {clients}), 100 + mod(g * 13, 4900), current_date
        - mod(g, 60), 'failed', 2, 1, 'f' || lpad(g::text, 12, '0'), 0, now() FROM generate_series(1, {items}) g;
INSERT INTO attempts (key, organisation, payment, number, merchant_account, payment_method, amount, currency,
        parameters_hash, state, epoch, sends, rung, resend, reference, reason, network_code, advice, instrument, detail,
        promised_at, ended_at)
    SELECT 'f' || lpad(g::text, 12, '0') || 'x1', '{club}', 'pay_' || md5(g::text), 1, 'm' || mod(1 + mod(g, {clients}), 4),
        'pm' || 1 + mod(g, {clients}), 100 + mod(g * 13, 4900), 'CAD', '', 'declined', 1, 1, 0, false, 'ref-' || g,
        'insufficient_funds', '51', '', md5('i' || mod(g, {clients})), '{{}}', now() - mod(g, 60) * interval '1 day',
        now() - mod(g, 60) * interval '1 day' FROM generate_series(1, {items}) g;
INSERT INTO action_items (organisation, id, kind, "of", about, payment, refund, client, merchant_account, payment_method,
        amount, reason, reason_class, network_code, state, version, attempts, failed_at, opened_at, changed_at, by, note)
    SELECT '{club}', 'itm_' || g, (%(kinds)s::text[])[1 + mod(g, 10)], (%(of)s::text[])[1 + mod(g, 10)], '',
        'pay_' || md5(g::text), '', 'c' || 1 + mod(g, {clients}), 'm' || mod(1 + mod(g, {clients}), 4),
        'pm' || 1 + mod(g, {clients}), 100 + mod(g * 13, 4900), (%(reasons)s::text[])[1 + mod(g, {reasons})],
        (%(classes)s::text[])[1 + mod(g, {reasons})], '51', 'open', 1, 1, t, t, t, '', ''
    FROM generate_series(1, {items}) g, LATERAL (SELECT now() - (mod(g * 7919, 5184000)) * interval '1 second' AS t) x;
INSERT INTO ledger_transactions (id, organisation, client, kind, subject, booked_on, amount, currency, description,
        language, method, reverses, reference, at)
    SELECT gen_random_uuid(), '{club}', 'c' || 1 + mod(g, {clients}), k.kind, k.short || g, current_date - mod(g, 700),
        CASE WHEN k.kind = 'payment' AND g <= {items} THEN 5000 ELSE 10000 END, 'CAD', 'Swimming', 'en', '', '', '', now()
    FROM generate_series(1, {invoices}) g, (VALUES ('invoice', 'i'), ('payment', 'p')) AS k (kind, short);
INSERT INTO ledger_entries (transaction_id, leg, organisation, account, amount)
    SELECT id, leg, '{club}', CASE leg WHEN 1 THEN 'receivable' ELSE 'sales' END, CASE leg WHEN 1 THEN amount ELSE -amount END
    FROM ledger_transactions, generate_series(1, 2) leg;
INSERT INTO allocations SELECT '{club}', 'a' || g, 'l1', 'c' || 1 + mod(g, {clients}), 'payment', 'p' || g, 'i' || g,
    CASE WHEN g <= {items} THEN 5000 ELSE 10000 END, now() FROM generate_series(1, {invoices}) g;
SET session_replication_role = origin;
VACUUM ANALYZE;
