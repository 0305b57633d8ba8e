"""Paysafe: the Cards, Direct Debit and Payments APIs over HTTP, look-ups by merchantRefNum, webhooks."""
