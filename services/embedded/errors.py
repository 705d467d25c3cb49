"""What can go wrong with the embedded servers, each with a sentence that says what to do."""


class EmbeddedError(Exception):
    """The embedded servers can't be started or stopped; the message is fit for the person at the terminal."""


class AlreadyRunning(EmbeddedError):  # noqa: N818 - a state to react to, not a fault
    """Another live process owns the data folder.

    Attributes:
        pid: process id of the owner; None when it hasn't written it yet.
        url: where the owner serves HTTP; None when it hasn't said so yet.
    """

    def __init__(self, folder: object, pid: int | None, url: str | None) -> None:
        self.pid = pid
        self.url = url
        who = f"process {pid}" if pid is not None else "another process"
        where = f" and serves {url}" if url else ""
        super().__init__(
            f"VoteWave already runs in {folder}: {who} owns it{where}. Use that one, stop it, "
            "or choose another data folder."
        )
