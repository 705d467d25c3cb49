"""VoteWave: ten services in one package; `registry.py` lists them."""
