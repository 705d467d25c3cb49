"""Other services: where they are, and asking them."""
