"""Starts services at once: imports everything first, then forks a server whenever it is told to.

The one argument is the service. Reads commands from its standard input, a line each: `start` answers a process
id; `wait ID` answers the exit code of that process when it has ended.
"""

import os
import sys

import services.core.http.application
import services.core.serve.server
import services.votebooth.plugin  # noqa: F401  (imported for the children)
from services.cli import main

for line in sys.stdin:
    command, _, argument = line.strip().partition(" ")
    if command == "start":
        pid = os.fork()
        if pid == 0:
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            try:
                main(["run", sys.argv[1]], standalone_mode=False)
            finally:
                os._exit(0)
        sys.stdout.write(f"{pid}\n")
    elif command == "wait":
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(int(argument), 0)[1])}\n")
    sys.stdout.flush()
