"""Mail: who is told of what happened, in words, by SMTP; written down before it is sent."""
