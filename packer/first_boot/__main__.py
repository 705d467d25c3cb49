"""Set a machine up from its boot.json and its secrets.

  first-boot configure   write settings and secrets for Consul, Nomad and CloudWatch's agent; before they start, and
                         again after a secret was rotated (then: systemctl reload consul nomad). With --retry it
                         waits for secrets that aren't there yet
  first-boot cluster     on servers, once they run: access control of Consul and Nomad, tokens, workload identities
  first-boot ready       wait until Consul, Nomad and, on clients, Docker are well; then say so to the Auto Scaling
                         group, or, when they aren't in time, that it shall replace the machine
  first-boot drain       wait until the Auto Scaling group takes the machine away; then move its tasks, leave the
                         cluster and say so to the group
  first-boot gossip      on one server: rotate the gossip keys of the running cluster to what Secrets Manager holds

Each can be run again, and by all machines at once. No secret is in an argument, an environment variable or a message.
"""

import argparse
import fcntl
import os
import sys
import time
from pathlib import Path

from first_boot import deployers, drain, gossip, ready
from first_boot.api import Agent
from first_boot.cluster import say, set_up
from first_boot.configure import TLS, Writer, configure
from first_boot.secretstore import Secrets
from first_boot.values import BootError, read

_BOOT = "etc/votewave/boot.json"
STEPS = ("configure", "cluster", "ready", "drain", "gossip")


def main() -> int:
    """Do what the arguments say; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="first-boot", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("step", nargs="?", default="configure", choices=STEPS)
    parser.add_argument("--root", type=Path, default=Path("/"), help="write and read below this folder")
    parser.add_argument("--consul", default="http://127.0.0.1:8500", metavar="URL")
    parser.add_argument("--nomad", default="https://127.0.0.1:4646", metavar="URL")
    parser.add_argument("--metadata", default="http://169.254.169.254", metavar="URL", help="the metadata service")
    parser.add_argument("--github", default=deployers.GITHUB, metavar="URL", help="who gives jobs their identities")
    parser.add_argument("--wait", type=float, default=600.0, metavar="SECONDS", help="for boot.json and for leaders")
    parser.add_argument("--retry", type=float, metavar="SECONDS", help="what can't be done, try again after so long")
    parser.add_argument("--within", type=float, default=1500.0, metavar="SECONDS", help="ready: give up after so long")
    chosen = parser.parse_args()
    # If this unit failed, the units that wait for it would fail as well and never be retried; while it runs, they wait.
    while (wrong := attempt(chosen)) and chosen.retry is not None:
        say(f"{wrong} Trying again in {chosen.retry:g} s.")
        time.sleep(chosen.retry)
    if wrong:
        say(wrong)
    return 1 if wrong else 0


def attempt(chosen: argparse.Namespace) -> str:
    """Do one step; return what stood in the way, or nothing."""
    try:
        # These wait for long, and write no settings: others may run meanwhile.
        if chosen.step in {"drain", "ready"}:
            values = read(chosen.root / _BOOT, chosen.wait)
            if chosen.step == "drain":
                drain.watch(values, chosen.root, chosen.metadata)
            else:
                ready.announce(values, chosen.root, chosen.metadata, chosen.consul, chosen.nomad, chosen.within)
            return ""
        # The lock isn't held between attempts, so that an operator can run this command, too.
        with (chosen.root / "run/votewave-first-boot.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            run(chosen)
    except BootError as exc:
        return str(exc)
    except OSError as exc:
        return f"{exc.filename or 'a file or an address'}: {exc.strerror or exc}."
    return ""


def run(chosen: argparse.Namespace) -> None:
    """Do one step.

    Raises:
        BootError: It can't be done.
        OSError: A file or an agent isn't there.
    """
    values = read(chosen.root / _BOOT, chosen.wait)
    secrets = Secrets(values)
    if chosen.step == "configure":
        writer = Writer(chosen.root, chown=os.geteuid() == 0 and chosen.root == Path("/"))
        configure(values, secrets, writer)
        say(f"{values.role} of {values.environment}: " + (", ".join(writer.changed) or "nothing has changed"))
        return
    if not values.is_server:
        raise BootError(f"{chosen.step} is for servers; this machine's role is {values.role}.")
    ca = chosen.root / TLS / "ca.pem"
    consul = Agent(chosen.consul, "X-Consul-Token", secrets.text("cluster/acl-consul"), secrets.clean)
    nomad = Agent(chosen.nomad, "X-Nomad-Token", secrets.text("cluster/acl-nomad"), secrets.clean, ca)
    if chosen.step == "cluster":
        jwks_url = f"{chosen.nomad}/.well-known/jwks.json"
        set_up(consul, nomad, secrets, ca, jwks_url, time.monotonic() + chosen.wait)
        if values.github_repository:
            deployers.trust(nomad, values, chosen.github)
        say(f"access control of {values.environment} is set up")
    else:
        gossip.rotate(consul, nomad, secrets.text("cluster/gossip-consul"), secrets.text("cluster/gossip-nomad"))


if __name__ == "__main__":
    sys.exit(main())
