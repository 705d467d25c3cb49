"""Rooms: people in a hall, or far apart, who vote together.

A room is what its log says (`state.py`): each act is an entry with the next number, written in the transaction that
does it, and holds the whole new value of the part of the room that it changes. A room never holds a count of ballots;
results are asked for where they always are, under the poll's own rules.
"""
