"""`python -m loadtests.generator PLAN OUTCOME`: one load generator, as the gate starts it."""

from gevent import monkey

monkey.patch_all()

import contextlib  # noqa: E402
import gc  # noqa: E402
import logging  # noqa: E402
import os  # noqa: E402
import signal  # noqa: E402
import sys  # noqa: E402
import time  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from locust.env import Environment  # noqa: E402
from locust.html import get_html_report  # noqa: E402
from locust.stats import stats_history  # noqa: E402

from loadtests.gate.plan import TIMEOUT_SECONDS, Outcome, Plan, load, write  # noqa: E402
from loadtests.generator.api_user import ApiUser  # noqa: E402
from loadtests.generator.friends import Friend  # noqa: E402
from loadtests.generator.refresh import keep_signed_in  # noqa: E402
from loadtests.generator.users import Host, Prober, Reader, Voter  # noqa: E402
from loadtests.generator.viewers import Viewer  # noqa: E402
from loadtests.generator.world import World  # noqa: E402

_SPAWN_SECONDS = 30.0
_PROGRESS_SECONDS = 5.0
_READERS, _PROBERS, _HOSTS, _FRIENDS = 20, 60, 2, 2  # probes are many, and wait for a slow machine side by side
_PRIORITY = -10
_AFTER_FAULT_SECONDS = 1.0


def main() -> None:
    """Run the plan and write the outcome."""
    logging.basicConfig(level=logging.WARNING, format="locust: %(message)s", stream=sys.stderr)
    with contextlib.suppress(OSError):  # if allowed: a generator that waits for the CPU measures itself
        os.setpriority(os.PRIO_PROCESS, 0, _PRIORITY)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the gate, which ends us
    source, target = (Path(name) for name in sys.argv[1:3])
    write(target, run(load(source, Plan)))


def run(plan: Plan) -> Outcome:
    """Put the target under load for the plan's duration, and wait for the last answers."""
    world = World(plan)
    ApiUser.world, ApiUser.host = world, plan.url
    suite, shares = plan.suite, plan.shares
    counts = {
        Voter: -(-suite.most_at_once // shares),
        Reader: _READERS if len(world.reads) else 0,
        Prober: _PROBERS if len(world.probes) else 0,
        Host: _HOSTS if len(world.hosts) else 0,
        Friend: _FRIENDS if len(world.friends) else 0,
        Viewer: (suite.viewers + plan.share) // shares,
    }
    chosen: list[Any] = [kind for kind, count in counts.items() if count]
    for kind in chosen:
        kind.fixed_count = counts[kind]
    environment = Environment(user_classes=chosen, host=plan.url, stop_timeout=0)

    def failed(user_instance: Any, exception: BaseException, **_: Any) -> None:
        world.outcome.faults.append(f"{type(user_instance).__name__}: {exception!r}"[:300])
        gevent.sleep(_AFTER_FAULT_SECONDS)  # otherwise the user continues at once, and fails again

    environment.events.user_error.add_listener(failed)
    runner = environment.create_local_runner()
    helpers = [gevent.spawn(stats_history, runner), gevent.spawn(keep_signed_in, world, environment)]
    everybody = sum(counts.values())
    spawned = gevent.event.Event()
    environment.events.spawning_complete.add_listener(lambda **_: spawned.set())
    runner.start(everybody, spawn_rate=100, wait=False)
    if not spawned.wait(_SPAWN_SECONDS):
        world.outcome.faults.append(f"Locust didn't start {everybody} users in {_SPAWN_SECONDS:.0f} s")
    gc.collect()
    gc.freeze()  # collecting long-lived objects would delay requests that are due
    cpu, begun = time.process_time(), time.perf_counter()
    world.pace.start(suite.seconds)
    _attend(world)
    world.outcome.wall_seconds = time.perf_counter() - begun
    world.outcome.cpu_seconds = time.process_time() - cpu
    outcome = world.close()  # before users are stopped in the middle of a request
    runner.quit()
    gevent.killall(helpers)
    if plan.html:
        Path(plan.html).write_text(get_html_report(environment), "utf-8")
    return outcome


def _attend(world: World) -> None:
    """Wait until all requests are answered or have timed out; print progress."""
    pace = world.pace
    said = time.perf_counter()
    limit = pace.end_at + TIMEOUT_SECONDS + 1
    gate = os.getppid()
    while time.perf_counter() < limit:
        gevent.sleep(0.1)
        if os.getppid() != gate:
            sys.exit("the gate is gone; so is its load")
        if pace.is_over and world.is_done:
            return
        if world.plan.shows_progress and time.perf_counter() - said >= _PROGRESS_SECONDS:
            said = time.perf_counter()
            _say(world, said - pace.start_at)


def _say(world: World, seconds: float) -> None:
    votes = world.outcome.votes
    latest = sorted(vote.ms for vote in votes[-2000:])
    p95 = latest[int(len(latest) * 0.95)] if latest else 0.0
    good = sum(vote.status in {200, 201} for vote in votes)
    print(
        f"  {seconds:4.0f} of {world.plan.suite.seconds} s: {good:,} votes accepted,"
        f" {sum(world.failures.values()):,} failures, p95 lately {p95:.0f} ms",
        file=sys.stderr,
        flush=True,
    )


if __name__ == "__main__":
    main()
