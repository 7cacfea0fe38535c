"""MiniStack on a port of this machine, from its start until the block ends: an emulator of AWS that starts empty and forgets all.

    target/infra/emulator/bin/python infra/tests/ministack.py PORT

runs one until it is ended, for whoever wants an emulator that runs already.
"""

import atexit
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

START_LIMIT = 60  # seconds
# The emulator writes head and body of an event apart; without this a program waits 40 ms for the second half (Nagle, delayed ACK).
START = "import socketserver, ministack.app; socketserver.StreamRequestHandler.disable_nagle_algorithm = True; ministack.app.main()"


class MiniStack:
    """A context. `host` is what the names of its APIs end with; the port is a free one unless said."""

    def __init__(self, program, folder, host="localhost", port=None):
        self._port = port or free_port()
        self._python = Path(program).with_name("python")
        self._folder = folder
        self._host = host

    def __enter__(self):
        self.url = f"http://127.0.0.1:{self._port}"
        environment = {
            "PATH": os.environ["PATH"], "HOME": str(self._folder), "PYTHONDONTWRITEBYTECODE": "1", "MINISTACK_HOST": self._host,
            # What the functions are told, and the keys that they are given.
            "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            # Without the first variable it listens on all addresses.
            "IOT_MTLS_ENABLED": "0", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self._port),
        }
        self._log = (self._folder / "emulator.log").open("w+")
        self._process = subprocess.Popen([self._python, "-c", START], cwd=self._folder, env=environment, stdout=self._log, stderr=subprocess.STDOUT)
        # However the tests end, it ends with them.
        atexit.register(self._stop)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._wait()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self._stop()
        self._log.close()

    def _stop(self):
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def _wait(self):
        until = time.monotonic() + START_LIMIT
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with socket.create_connection(("127.0.0.1", self._port), 1):
                    return
            except OSError:
                time.sleep(0.1)
        self._log.seek(0)
        raise AssertionError(f"the emulator did not start:\n{self._log.read()[-2000:]}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory(prefix="smart-infra-") as folder, MiniStack(sys.executable, Path(folder), port=int(sys.argv[1])) as aws:
        print(f"ready {aws.url}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass  # told to end


if __name__ == "__main__":
    main()
