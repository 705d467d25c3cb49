"""Comments: what people say about polls, in threads.

Owns: comments, whom they name, support for them, threads (locked, pinned, counted, followed), reports,
filters of words, limits of accounts.
Publishes: `comments.comment.changed`, `comments.thread.followed`, `comments.account.limited`,
`comments.filter.changed`.
Consumes: `polls.poll.changed`, `profiles.profile.changed`, `follows.follow.changed`,
`follows.block.changed`.
"""
