"""Cards: many polls at a glance, for lists: counts as far as they may be seen, and what the viewer may do and has done.

It reads what counting keeps and counts nothing itself, with as many statements for a hundred polls as for one.
"""
