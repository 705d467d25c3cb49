"""Expressions: Waves, short posts that people write, share on and react to.

Owns: Waves and their earlier versions, Ripples (Waves that share another one on), reactions, and their counts.
Publishes: `expressions.wave.changed`, `expressions.reaction.changed`.
Consumes: `profiles.profile.changed`, `polls.poll.changed`, `follows.follow.changed`, `follows.block.changed`,
    `follows.mute.changed`.
"""
