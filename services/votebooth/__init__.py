"""VoteBooth: ballots, tallies, rooms and live results.

Owns: counted ballots, their counters, receipts, voting tokens and rolls, the audit log.
Publishes: nothing yet; other processes hear `poll:ID` on the broadcast when a poll's ballots or rules change.
Consumes: `polls.poll.changed`, kept as the projection `polls`; `polls.draft.deleted`; `profiles.profile.changed`, kept
as `person`; `follows.follow.changed`, kept as `follow`; `auth.account.deleted`.
"""
