"""What can go wrong, said in a sentence."""


class BenchError(Exception):
    """The benchmark can't go on; the message says why and what to do."""
