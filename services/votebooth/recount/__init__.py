"""Recounts: do the counters say what the stored ballots say? Where they don't, an operator has them written anew."""
