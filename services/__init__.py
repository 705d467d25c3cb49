"""VoteWave: its services in one package; `registry.py` lists those that there are."""

from services.absent import leave_out

leave_out()  # before anything imports them
