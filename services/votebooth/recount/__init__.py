"""Recounts: do the counters say what the stored ballots say?"""
