"""`votewave seed`: a plausible place of any size, for development, demos and benchmarks."""
