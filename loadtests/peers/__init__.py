"""What VoteWave is measured beside: servers that do less, or the same in the classic way."""
