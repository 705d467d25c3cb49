"""What VoteWave bears: benchmarks beside peers (`python -m loadtests.bench`)."""
