"""Taking ballots: from the request to the committed transaction."""
