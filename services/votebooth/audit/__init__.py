"""The audit log: every administrative act on a poll's ballots and their surroundings."""
