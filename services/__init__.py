"""VoteWave: its services in one package; `registry.py` lists those that there are."""
