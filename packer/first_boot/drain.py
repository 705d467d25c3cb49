"""Leave in order when the Auto Scaling group takes the machine away: a scale-in, a new image, old age.

The group waits for its lifecycle hook. Nomad and Consul leave the cluster on SIGTERM (a client moves its tasks
before that); a mere restart of theirs sends SIGINT, and is none.
"""

import subprocess
import time
from pathlib import Path

from first_boot.cluster import say
from first_boot.lifecycle import CONTINUE, Metadata, Scaling
from first_boot.values import BootError, Values

UNITS = ("nomad", "consul")
_LEAVE = "[Service]\nKillSignal=SIGTERM\nTimeoutStopSec=15min\nRestart=no\n"
_POLL_SECONDS = 5.0


def watch(values: Values, root: Path, url: str) -> None:
    """Wait for the end, then leave.

    Args:
        values: Who this machine is.
        root: `/` on a machine.
        url: Of the metadata service.

    Raises:
        BootError: The units can't be stopped, or the group can't be told.
    """
    if not values.drain_hook:
        say("no lifecycle hook: nothing to wait for")
        return
    metadata = Metadata(url)
    while True:
        try:
            state = metadata.get("autoscaling/target-lifecycle-state")
        except OSError as exc:
            say(f"the metadata service doesn't answer: {exc}")
            state = None
        if state == "Terminated":
            break
        time.sleep(_POLL_SECONDS)
    instance = metadata.get("instance-id") or ""
    say(f"{instance} is to go: leaving")
    leave(values, root, Scaling(values, instance))


def leave(values: Values, root: Path, scaling: Scaling) -> None:
    """Stop in order, and tell the group, which is kept waiting meanwhile.

    Raises:
        BootError: The units can't be stopped, or the group can't be told.
    """
    group = scaling.place().group
    try:
        with scaling.kept_waiting(values.drain_hook, group):
            for unit in UNITS:
                stop(root, unit)
                say(f"{unit} has left")
    finally:
        # Even if a step failed: the cluster copes with a machine that vanishes, but one that never ends costs money.
        scaling.complete(values.drain_hook, group, CONTINUE)
    say(f"{scaling.instance} has left; the group knows")


def stop(root: Path, unit: str) -> None:
    """Stop a unit so that it leaves.

    Raises:
        BootError: It can't be stopped.
    """
    drop_in = root / f"run/systemd/system/{unit}.service.d/leave.conf"
    drop_in.parent.mkdir(parents=True, exist_ok=True)
    drop_in.write_text(_LEAVE)
    for command in (["systemctl", "daemon-reload"], ["systemctl", "stop", f"{unit}.service"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode != 0:
            raise BootError(f"{' '.join(command)}: {done.stderr.strip()}")
