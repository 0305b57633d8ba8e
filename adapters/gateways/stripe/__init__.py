"""Stripe: PaymentIntents off session by its own SDK, refunds, look-ups by our key in `metadata`, webhooks."""
