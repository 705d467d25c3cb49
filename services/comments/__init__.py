"""Comments: what people say about polls, in threads.

Owns: comments, support for them, threads (locked, pinned, counted), reports.
Publishes: `comments.comment.changed`, `comments.thread.changed`.
Consumes: `polls.poll.changed`, `profiles.profile.changed`, `follows.follow.changed`,
`follows.block.changed`.
"""
