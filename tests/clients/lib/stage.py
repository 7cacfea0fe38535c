"""What `run` tells a scenario, and how a scenario reports its checks."""

import json
import sys
import time
import traceback
from pathlib import Path

stage = json.loads(Path(sys.argv[1]).read_text())
failed = []


def check(name):
    """Runs the decorated function at once and prints one line."""

    def run(body):
        started = time.monotonic()
        try:
            body()
            print(f"  ok      {name} ({time.monotonic() - started:.1f} s)", flush=True)
        except Exception as error:
            failed.append(name)
            where = traceback.extract_tb(error.__traceback__)[1:2]
            line = f"{Path(where[0].filename).name}:{where[0].lineno}" if where else ""
            answer = getattr(error, "response", None)
            said = f"\n          the server said: {answer.text}" if answer is not None else ""
            print(f"  FAILED  {name}: {type(error).__name__}: {error}\n          {line}{said}", flush=True)
        return body

    return run


def finish():
    sys.exit(1 if failed else 0)


def same(found, expected):
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")
