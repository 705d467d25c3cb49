"""Messaging: conversations of two people and of groups.

Owns: conversations and who is in them, messages, what goes with them and what becomes of them, requests from strangers,
unread counts.
Publishes: `messaging.message.sent`, `messaging.conversation.seen`.
Consumes: `profiles.profile.changed`, `follows.follow.changed`, `follows.block.changed`.
"""
