"""Ballots leaving and entering: export of a poll that is over, and the count of a file.

What is exported are counts of equal ballots in an order of their own: no voter, no receipt, no time, and
nothing that shows the order in which they came. `votewave tally` makes the same result of it.
"""
