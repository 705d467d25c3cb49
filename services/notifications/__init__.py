"""Notifications: what others did that concerns somebody, told to them once, and grouped.

Owns: notifications by recipient, kind and subject, and who did what in each; preferences; which polls people watch.
Publishes: nothing.
Consumes: `follows.follow.changed`, `follows.block.changed`, `follows.mute.changed`, `profiles.profile.changed`,
    `expressions.wave.changed`, `expressions.wave.moderated`, `expressions.reaction.changed`,
    `comments.comment.changed`, `polls.poll.changed`, `polls.poll.opened`, `polls.poll.closed`,
    `messaging.message.sent`, `messaging.conversation.seen`.
"""
