"""Facts that services tell each other: written with what they tell of, relayed, handled once."""
