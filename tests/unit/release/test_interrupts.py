"""A command is interrupted once, and its cleaning up isn't."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from tools.release.interrupts import INTERRUPTS, interruptible, undisturbed
from tools.release.target import ROOT

COMMAND = """
import signal, subprocess, sys, time
from tools.release.interrupts import interruptible, undisturbed

def clean_up():
    print("cleaning up", flush=True)
    sys.stdin.readline()
    ask = "import signal; print(signal.getsignal(signal.SIGTERM) == signal.SIG_DFL)"
    print("children hear signals:", subprocess.check_output([sys.executable, "-c", ask], text=True).strip(), flush=True)

if sys.argv[1] == "interruptible":
    with interruptible():
        try:
            print("begun", flush=True)
            time.sleep(60)
        except KeyboardInterrupt:
            clean_up()
else:
    with undisturbed():
        clean_up()
print("as before:", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
"""


def begin(folder: Path, kind: str) -> "subprocess.Popen[str]":
    command = folder / "command.py"
    command.write_text(COMMAND)
    line = [sys.executable, str(command), kind]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        line,
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("first", [*INTERRUPTS, None])
def test_no_further_signal_breaks_off_the_cleaning_up(tmp_path: Path, first: signal.Signals | None) -> None:
    process = begin(tmp_path, "interruptible" if first else "undisturbed")
    try:
        assert process.stdout is not None
        if first:
            assert process.stdout.readline() == "begun\n"
            process.send_signal(first)
        assert process.stdout.readline() == "cleaning up\n"
        for number in INTERRUPTS:
            process.send_signal(number)
        said, complaint = process.communicate("go on\n", timeout=30)
    finally:
        process.kill()
    assert (said, complaint) == ("children hear signals: True\nas before: True\n", "")
    assert process.returncode == 0


def test_what_isn_t_named_is_left_as_it_was() -> None:
    before = signal.getsignal(signal.SIGHUP)
    with interruptible((signal.SIGINT, signal.SIGTERM)):
        assert signal.getsignal(signal.SIGHUP) is before
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


def test_a_thread_is_disturbed_by_nothing_anyway() -> None:
    done: list[str] = []

    def finish() -> None:
        with undisturbed():
            done.append("finished")

    thread = threading.Thread(target=finish)
    thread.start()
    thread.join()
    assert done == ["finished"]
