"""Who votes, as bytes: voter keys, voting tokens, and the ids of anonymous ballots."""

HASH_KEY = "hash-key"
