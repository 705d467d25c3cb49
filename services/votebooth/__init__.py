"""VoteBooth: ballots, tallies, rooms and live results."""
