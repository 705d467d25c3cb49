"""What runs through `./just pipeline nomad` is told to end, and has the time for it."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tools.release.target import ROOT

COMMAND = """
import os, signal, sys, time
def end(*_):
    time.sleep(1)
    os.write(1, b"ended in order\\n")  # print isn't for handlers: the signal may come in the midst of another print
    sys.exit(7)
signal.signal(signal.SIGTERM, end)
signal.signal(signal.SIGINT, end)
print("begun", flush=True)
time.sleep(60)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_is_passed_on_and_the_end_waited_for(tmp_path: Path, number: signal.Signals) -> None:
    command = tmp_path / "command.py"
    command.write_text(COMMAND)
    within = "import os, sys; from tools.pipeline.reach import run; sys.exit(run(sys.argv[1:], dict(os.environ)))"
    line = [sys.executable, "-c", within, sys.executable, str(command)]
    process = subprocess.Popen(line, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "begun\n"
        process.send_signal(number)
        printed, _ = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (printed, process.returncode) == ("ended in order\n", 7)
