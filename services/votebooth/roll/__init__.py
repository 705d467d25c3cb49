"""Who is invited to vote: voting tokens and the addresses they are mailed to."""
