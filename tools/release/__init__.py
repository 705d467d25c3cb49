"""Images of VoteWave, and how a version of it gets to users: `./just image`, `./just release`."""
