"""Every SQL statement of Notifications. Who may see what is part of the statement, so no page is shortened afterwards.

Locks are taken in one order: an account, a shard, notifications by recipient.
"""
