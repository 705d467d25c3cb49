"""Say to the Auto Scaling group that the machine has come up, once it has: only then it counts, and others may go.

Until then the group waits at its lifecycle hook. A machine on which something isn't well in time is given up, with the
reason in CloudWatch's log, since the machine with its journal is gone a minute later.
"""

import datetime
import time
from pathlib import Path

from first_boot.api import RefusedError
from first_boot.cluster import say
from first_boot.health import Health, UnwellError
from first_boot.lifecycle import ABANDON, CONTINUE, Metadata, Place, Scaling
from first_boot.values import BootError, Values

LOG = Path("var/log/votewave/ready.log")
GIVEN_UP = "this machine is given up"
"""An alarm counts lines with this (terraform/modules/observability)."""
_WAITS = "Pending:Wait"
_COMES = {"Pending", _WAITS}
_IN_A_ROW = 3
_POLL_SECONDS = 2.0
_SHIP_SECONDS = 10.0  # CloudWatch's agent sends every five


def announce(values: Values, root: Path, metadata_url: str, consul: str, nomad: str, seconds: float) -> None:
    """Wait until all is well, and say so to the group; or say that it won't be.

    Args:
        values: Who this machine is.
        root: `/` on a machine.
        metadata_url: Of the metadata service.
        consul: Where the agent is.
        nomad: Likewise.
        seconds: For how long to wait.

    Raises:
        BootError: The group can't be told.
    """
    if not values.launch_hook:
        say("no lifecycle hook: nobody waits for this machine")
        return
    until = time.monotonic() + seconds
    scaling, place = _find(values, Metadata(metadata_url), until)
    if place.state not in _COMES:
        say(f"{scaling.instance} is {place.state}: nobody waits for it")  # it has started again
        return
    with scaling.kept_waiting(values.launch_hook, place.group):
        wrong = _await_health(values, root, consul, nomad, until)
        if wrong:
            _tell(root, f"{scaling.instance}: {GIVEN_UP} after {seconds:g} s: {wrong}")
            time.sleep(_SHIP_SECONDS)
    # AWS takes no answer before it has begun to wait.
    while place.state == "Pending" and time.monotonic() < until + 60:
        time.sleep(_POLL_SECONDS)
        place = scaling.place()
    if place.state not in _COMES:
        _tell(root, f"{scaling.instance} is {place.state}: somebody has answered for it")
        return
    scaling.complete(values.launch_hook, place.group, ABANDON if wrong else CONTINUE)
    _tell(root, f"{scaling.instance}: " + ("the group replaces it" if wrong else "all is well; the group knows"))


def _find(values: Values, metadata: Metadata, until: float) -> tuple[Scaling, Place]:
    """Return where this machine stands; the metadata service and the role's rights may come after it."""
    while True:
        try:
            # Without an id AWS says that there is no such machine.
            scaling = Scaling(values, metadata.get("instance-id") or "")
            return scaling, scaling.place()
        except (BootError, OSError) as exc:
            if time.monotonic() >= until:
                raise BootError(f"Nobody can be told whether this machine has come up: {exc}") from exc
            say(f"{exc}; looking again")
        time.sleep(_POLL_SECONDS)


def _await_health(values: Values, root: Path, consul: str, nomad: str, until: float) -> str:
    """Wait until all has been well some times in a row; return what wasn't at last, or nothing."""
    wanted = Health(values, root, consul, nomad).checks()
    told, row = "", 0
    while True:
        wrong = ""
        for name, check in wanted.items():
            try:
                check()
            except (UnwellError, RefusedError, BootError, OSError, KeyError, ValueError) as exc:
                wrong = f"{name}: {exc}"
                break
        row = 0 if wrong else row + 1
        if row == _IN_A_ROW:
            return ""
        if wrong and wrong != told:
            _tell(root, f"waiting for {wrong}")
            told = wrong
        if time.monotonic() >= until:
            return wrong or "it was well for a moment only"
        time.sleep(_POLL_SECONDS)


def _tell(root: Path, text: str) -> None:
    """Tell the journal, and the log that outlives the machine."""
    say(text)
    place = root / LOG
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("a") as file:
        file.write(f"{datetime.datetime.now(datetime.UTC).isoformat(timespec='seconds')} {text}\n")
