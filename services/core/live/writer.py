"""The process that writes one frame to very many sockets: `Fan` begins it, and tells it what to write where.

It needs the standard library alone, so that it takes little memory and begins soon. It never waits for a client: one
that hasn't taken what was sent before is left out, and its own process brings it up to date later.
"""

import contextlib
import fcntl
import os
import signal
import socket
import struct
import sys
import termios
from array import array

HEAD = struct.Struct("=cQI")
"""What a packet begins with: what it is, its number, and the length of the frame, which follows, or 0."""

ADD, FORGET, SEND = b"a", b"f", b"s"
MOST_SOCKETS = 200
"""In one packet; Linux takes 253."""

PACKET_BYTES = 190_000
WAITING_BYTES = 8_192
"""With so much that the kernel still has to send, a client is behind. Its buffer takes several times as much, and a
frame beside that, so no frame is ever written in part."""

_NICE = 5


def main() -> None:
    """Do what comes in from the parent over standard input, until it is gone."""
    for sign in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(sign, signal.SIG_IGN)
    os.nice(_NICE)  # sending yields to voting
    with socket.socket(fileno=sys.stdin.fileno()) as channel:
        channel.setblocking(True)
        _serve(channel)


def _serve(channel: socket.socket) -> None:
    sockets: dict[int, int] = {}
    while True:
        packet, handles, _, _ = socket.recv_fds(channel, PACKET_BYTES + HEAD.size, MOST_SOCKETS)
        if not packet:
            return
        kind, number, size = HEAD.unpack_from(packet)
        frame, ids = packet[HEAD.size : HEAD.size + size], array("I", packet[HEAD.size + size :])
        if kind == ADD:
            sockets |= zip(ids, handles, strict=True)
        elif kind == FORGET:
            for one in ids:
                if (handle := sockets.pop(one, None)) is not None:
                    os.close(handle)
        else:
            late = _send(sockets, frame, ids)
            channel.sendall(HEAD.pack(SEND, number, 0) + late.tobytes())


def _send(sockets: dict[int, int], frame: bytes, ids: "array[int]") -> "array[int]":
    """Write a frame to all that can take it; return which can't."""
    late = array("I")
    waiting = bytearray(4)
    size, ioctl, write = len(frame), fcntl.ioctl, os.write
    for one in ids:
        try:
            handle = sockets[one]
            ioctl(handle, termios.TIOCOUTQ, waiting)
            if int.from_bytes(waiting, sys.byteorder) > WAITING_BYTES:
                late.append(one)
            elif write(handle, frame) != size:
                _end(handle)  # half a frame: whatever follows would be read as the rest
        except (OSError, KeyError):  # it is closed, or about to be
            late.append(one)
    return late


def _end(handle: int) -> None:
    with contextlib.suppress(OSError), socket.socket(fileno=os.dup(handle)) as one:
        one.shutdown(socket.SHUT_RDWR)
