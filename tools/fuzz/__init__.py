"""`./just fuzz`: requests made of the API's own description, at a VoteWave that is started for them.

__main__.py   what can be asked for, and what is printed
server.py     a VoteWave of its own, on embedded servers
identity.py   who sends: a user, a guest, nobody
run.py        one run of Schemathesis, bounded by a number of requests
report.py     what was found, each kind once
"""
