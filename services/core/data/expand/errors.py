"""Why a migration isn't run."""


class ContractError(Exception):
    """A migration isn't known to only add; the message says why, and what to do instead."""


class OutOfStepError(Exception):
    """A database isn't at a revision that the code can do with; the message says whose, and what to do."""


class ObjectionError(Exception):
    """Why a statement isn't let through, as what "a migration" does."""
