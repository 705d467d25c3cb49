"""The gate: load on the canaries alone, and thresholds that decide (`./just load gate`)."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

from tools.release.target import ROOT, Target

NO_VERDICT = 3
"""What the gate exits with when this machine was too slow to tell."""

_EVERY_SECONDS = 0.5
_TRIES = 2


@dataclass(frozen=True)
class Gate:
    """How the canaries are tried.

    Attributes:
        options: Given to `./just load gate` besides environment, version and address.
    """

    options: tuple[str, ...] = ()

    def verdict(self, target: Target, service: str, over: Callable[[], str | None], say: Callable[[str], None]) -> str:
        """Put the canaries under load; return why they are not good enough, empty if they are.

        Whatever keeps the gate from a verdict counts against the version: the former one is known to be good.

        Args:
            target: Where.
            service: Whose canaries; the gateway sends them what names the service in X-VoteWave-Canary.
            over: Says why there is nothing left to try, such as a canary that has died meanwhile.
            say: Told of it.
        """
        command = [sys.executable, "-m", "loadtests.load", "gate", "--env", target.environment, "--canary", service]
        command += ["--url", target.gate_url] if target.gate_url else []
        for remaining in reversed(range(_TRIES)):
            process = subprocess.Popen([*command, *self.options], cwd=ROOT, stdout=sys.stderr)
            try:
                while process.poll() is None:
                    if reason := over():
                        return reason
                    time.sleep(_EVERY_SECONDS)
            finally:
                _end(process)
            if process.returncode == 0:
                return ""
            if process.returncode != NO_VERDICT or not remaining:
                return f"the gate says no (exit code {process.returncode}; its report is above)"
            say("no verdict: this machine was too slow to tell; once more")
        return ""  # not reached: the last try returns


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
