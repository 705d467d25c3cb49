"""Profiles: who somebody is to others; handle, name, words about themselves, links.

Owns: profiles, one for each user account; guests have none.
Publishes: `profiles.profile.changed`.
Consumes: `auth.account.opened`, `auth.account.upgraded`, `auth.account.deleted`.
"""
