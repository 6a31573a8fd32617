# SPDX-License-Identifier: Apache-2.0
"""A terminal with a program in it, driven by keys and judged by what it shows."""

import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
from fcntl import ioctl

PATIENCE_S = 60  # until a test gives up; nothing waits that long when all is well


class Terminal:
    """One program on a pseudo-terminal."""

    def __init__(self, command: list, columns: int = 80, **outputs: int) -> None:
        """Start the command on a terminal of that width; stdout=, stderr= lead elsewhere."""
        self.master, slave = pty.openpty()
        ioctl(slave, termios.TIOCSWINSZ, struct.pack("4H", 24, columns, 0, 0))
        self.modes = termios.tcgetattr(slave)  # before anybody changes them
        self.process = subprocess.Popen(
            command, **{"stdin": slave, "stdout": slave, "stderr": slave, **outputs},
            start_new_session=True, preexec_fn=lambda: ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.shown = b""

    def type(self, keys: str) -> None:
        """Press keys."""
        os.write(self.master, keys.encode())

    def wait_for(self, text: str) -> str:
        """Read until `text` appears; return everything up to its end and forget it."""
        end = time.monotonic() + PATIENCE_S
        while text.encode() not in self.shown:
            ready, _, _ = select.select([self.master], [], [], max(0, end - time.monotonic()))
            assert ready, f"no {text!r} in {self.shown!r}"
            try:
                chunk = os.read(self.master, 65536)
            except OSError:  # what Linux says when the program is gone
                chunk = b""
            assert chunk, f"ended without {text!r}: {self.shown!r}"
            self.shown += chunk
        before, _, self.shown = self.shown.partition(text.encode())
        return before.decode(errors="replace") + text

    def finish(self) -> int:
        """Read until the program ends; return its status."""
        end = time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            try:
                chunk = os.read(self.master, 65536)
            except OSError:
                break
            if not chunk:
                break
            self.shown += chunk
        return self.process.wait(timeout=PATIENCE_S)

    def close(self) -> None:
        """End the program, whatever it does."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
        os.close(self.master)
