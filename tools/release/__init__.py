"""Builds VoteWave's images and releases its versions: `./just image`, `./just release`."""
