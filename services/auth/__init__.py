"""Auth: who somebody is; accounts, guests, sessions, API keys, roles, and the keys that sign access tokens.

Owns: accounts, sessions with their refresh tokens, API keys, signing keys, the audit log of all these.
Publishes: `auth.account.opened`, `auth.account.upgraded`, `auth.account.deleted`.
Consumes: nothing.
"""
