"""Every SQL statement of Messaging.

Whoever changes something in a conversation locks it first, then accounts in the order of their ids, then the rest.
"""
