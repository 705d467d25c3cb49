"""Expressions: Waves, short posts that people write, share on and react to.

Owns: Waves and their earlier versions, Ripples (Waves that share another one on), reactions, and their counts; reports
    of Waves, appeals, and what moderators decide about them.
Publishes: `expressions.wave.changed`, `expressions.wave.moderated`, `expressions.reaction.changed`.
Consumes: `profiles.profile.changed`, `polls.poll.changed`, `follows.follow.changed`, `follows.block.changed`,
    `follows.mute.changed`, `comments.account.limited`, `comments.filter.changed`.
"""
