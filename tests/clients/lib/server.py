"""Starts the server under test and stops exactly that process."""

import queue
import subprocess
import threading

START_LIMIT = 300  # seconds until `ready`: it may be a deployment, on a busy machine
STOP_LIMIT = 60  # seconds, for the same reason


class Server:
    """`smart serve --ephemeral --port 0`, or what is in its place, from its `ready` line until the block ends."""

    def __init__(self, command, folder, log):
        self.command = command
        self.folder = folder
        self.log = log
        self.url = None

    def __enter__(self):
        self.errors = self.log.open("wb")
        self.process = subprocess.Popen(
            self.command, cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors, text=True
        )
        try:
            self.url = self.ready_url()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(timeout=STOP_LIMIT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    def alive(self):
        return self.process.poll() is None

    def ready_url(self):
        """The URL of the one line that standard output is promised to carry."""
        lines = queue.Queue()
        threading.Thread(target=lambda: lines.put(self.process.stdout.readline()), daemon=True).start()
        try:
            line = lines.get(timeout=START_LIMIT)
        except queue.Empty:
            line = ""
        word, _, url = line.strip().partition(" ")
        if word != "ready" or not url:
            raise SystemExit(f"the server did not say `ready URL` but {line!r}; its log:\n{self.log.read_text()[-4000:]}")
        return url
