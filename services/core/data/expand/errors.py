"""Why a migration isn't run."""


class ContractError(Exception):
    """An operation isn't known to only add; the message names it, the table, and what to do instead."""


class OutOfStepError(Exception):
    """A database isn't at a revision that the code can do with; the message says whose, and what to do."""


class ObjectionError(Exception):
    """What is against an operation.

    Args:
        why: What it does, as a sentence's end: "drops a column".
        instead: What to do, as a sentence.
    """

    def __init__(self, why: str, instead: str) -> None:
        super().__init__(why)
        self.why = why
        self.instead = instead
