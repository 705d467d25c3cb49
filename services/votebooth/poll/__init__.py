"""Polls' rules as ballots are held against them, kept from what Polls publishes."""
