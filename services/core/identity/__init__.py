"""Who is asking: tokens, their signatures and revocation, tickets."""
