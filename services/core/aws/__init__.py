"""AWS and what stands in for it on a laptop: secrets, mail."""
