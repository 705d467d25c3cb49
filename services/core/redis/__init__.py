"""Redis: a client, rate limits, hints between processes."""
