"""Feed: what people come across, at home and when they look around.

Owns: entries, each a thing that somebody has published, in the order of publication, and its tags; the words that
    polls and people are found by; what somebody wants to see less of, and orders of feeds.
Publishes: nothing.
Consumes: `polls.poll.changed`, `expressions.wave.changed`, `profiles.profile.changed`, `follows.follow.changed`,
    `follows.block.changed`, `follows.mute.changed`, `follows.tag.changed`.
"""
