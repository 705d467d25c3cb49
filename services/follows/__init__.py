"""Follows: who follows whom, who waits to be let in, who wants nothing to do with whom.

Owns: follows of people and of tags, requests to follow, blocks, mutes, and their counts.
Publishes: `follows.follow.changed`, `follows.block.changed`, `follows.mute.changed`, `follows.tag.changed`.
Consumes: `profiles.profile.changed`.
"""
