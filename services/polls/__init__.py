"""Polls: what is asked, by which method, under which rules, and from when to when.

Owns: definitions and life cycle of polls, their audit log. It holds no ballot and no result, no roll and no
voting token; those are VoteBooth's.
Publishes: `polls.poll.changed` (the whole state, at every change from publication on), `polls.poll.opened`
and `polls.poll.closed` (within a second of the moment), `polls.draft.deleted`.
Consumes: `profiles.profile.changed` and `follows.follow.changed`, kept as the projections `person` and `follow`;
`auth.account.deleted`.
"""
