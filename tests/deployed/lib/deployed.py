"""Deploys, loads, asks, and says what passed."""

import json
import os
import shlex
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import chain
from pathlib import Path

from door import Door
from emulator import Emulator
from template import FUNCTIONS
from tools import tools

TESTS = Path(__file__).resolve().parent.parent.parent
REPOSITORY = TESTS.parent
# As functions/build asks for them, by themselves: what the command wants of their dependencies is not in them. (Its profile, which optimises
# all as one, takes ten minutes more.)
PROGRAMS = ["--features=lambda", *(f"--package=smart-{function}" for function in FUNCTIONS)]
# As in ./test, so that nothing is compiled twice.
COMMAND = "--features=lambda,smart-cli/aws,smart-cli/verify"
FEATURES = "--features=smart-aws/emulator,smart-cli/emulator,smart-cli/verify,smart-tests/aws,smart-lambda-tests/emulator"
# They look at all that a user has granted: each runs by itself, in a table without others' grants.
ALONE = ("wire::spec::remembered::", "wire::spec::smart_management::")
AT_ONCE = 4
TIME_LIMIT = 420  # seconds a test


def main(suites, names):
    started = time.monotonic()
    built = programs()
    with Emulator(tools("emulator") / "ministack") as aws:
        bootstraps = stripped(built, aws.folder / "bootstraps")
        failed = []
        if "clients" in suites:
            failed += clients(built, aws, bootstraps, names)
        if "wire" in suites:
            with Door(aws) as door:
                outputs = aws.deploy("front", bootstraps, TESTS / "src/harness/brands.json", PublicUrl=door.url, CloudFront="true")
                secret = aws.client("secretsmanager").get_secret_value(SecretId=aws.resource("front", "OriginSecret"))["SecretString"]
                door.opens(outputs["ApiId"], ("x-origin-verify", secret))
                loader = Loader(built, aws, door, outputs)
                failed += wire(built, door, loader, aws, names)
                if not names or "verify" in names:
                    failed += verify(built, door, loader, aws)
    say(f"{len(failed)} FAILED: {', '.join(failed)}" if failed else f"deployed: all passed ({time.monotonic() - started:.0f} s)")
    return 1 if failed else 0


def say(what):
    print(what, flush=True)


def programs():
    """The command, the loader and the test binary, then the functions' programs, which are there twice: by name."""
    built = {}
    for command in (["build", COMMAND, "--bins"], ["test", "--no-run", "--workspace", FEATURES], ["build", *PROGRAMS, "--bins"]):
        ran = subprocess.run(["cargo", *command, "--locked", "--message-format=json"], cwd=REPOSITORY, stdout=subprocess.PIPE)
        if ran.returncode:
            sys.exit(f"`cargo {command[0]}` failed")
        for line in ran.stdout.splitlines():
            made = json.loads(line)
            # The loader is there twice: as a program, which is wanted, and as the harness of its tests, of which it has none.
            wanted = command[0] == "build" or (made.get("target", {}).get("name"), made.get("profile", {}).get("test")) in (("smart_tests", True), ("load_seed", False))
            if made.get("executable") and wanted:
                built[made["target"]["name"]] = made["executable"]
    return built


def stripped(built, folder):
    """The programs without the names of their parts: a package has a limit, and what is left out is what nobody runs."""
    for function in FUNCTIONS:
        (folder / function).mkdir(parents=True)
        subprocess.run(["strip", "-o", folder / function / "bootstrap", built[function]], check=True)
    return folder


class Loader:
    """What loads a seed folder into the tables of a deployment."""

    def __init__(self, built, aws, door, outputs):
        self._program = [built["load_seed"]]
        self._where = [door.url, outputs["AuthorizationTableName"], outputs["RecordsTableName"]]
        self._environment = {**os.environ, **aws.environment, "AWS_REGION": "us-east-1"}

    def load(self, folder):
        subprocess.run([*self._program, *self._where, folder], env=self._environment, check=True)

    def forget_grants(self, aws):
        """Nobody has granted anything."""
        table = self._where[1]
        keys = aws.client("dynamodb").get_paginator("scan").paginate(TableName=table, ProjectionExpression="pk")
        for item in [item for page in keys for item in page["Items"]]:
            if item["pk"]["S"].startswith("grant#"):
                aws.client("dynamodb").delete_item(TableName=table, Key=item)


def clients(built, aws, bootstraps, names):
    """tests/clients/run, as it is: the libraries know nothing of where the server runs."""
    serve = shlex.join(map(str, [sys.executable, Path(__file__).with_name("serve.py"), bootstraps, built["smart"]]))
    process = subprocess.Popen([TESTS / "clients/run", "--serve", serve, *names], env={**os.environ, "AWS_ENDPOINT_URL": aws.url})
    try:
        return ["clients"] if process.wait() else []
    finally:
        # Told to end, it ends what it started.
        process.terminate()
        process.wait()


def wire(built, door, loader, aws, names):
    """Every test of the suite in a process of its own, as nextest runs them; those that are excepted must fail."""
    world = aws.folder / "world"
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SMART_"))}
    environment |= {"SMART_WIRE_SEED": str(world), "RUST_BACKTRACE": "0"}
    binary = built["smart_tests"]
    subprocess.run([binary, "--exact", "wire::seed::the_world_is_a_seed_folder"], env=environment, check=True, stdout=subprocess.DEVNULL)
    loader.load(world / "seed")
    environment |= {"SMART_WIRE_URL": door.url, "SMART_WIRE_API": "1"}
    listed = subprocess.run([binary, "--list", "--format=terse", "wire::"], env=environment, check=True, capture_output=True, text=True).stdout
    tests = [line.removesuffix(": test") for line in listed.splitlines() if line.endswith(": test")]
    tests = [test for test in tests if not test.startswith("wire::seed::") and (not names or any(name in test for name in names))]
    excepted = exceptions(tests)
    say(f"wire: {len(tests)} tests, {len(excepted)} of them excepted, at {door.url}")

    def run(test):
        began = time.monotonic()
        try:
            ran = subprocess.run([binary, "--exact", test, "--nocapture"], env=environment, cwd=TESTS, timeout=TIME_LIMIT,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            passed, said = ran.returncode == 0, ran.stdout
        except subprocess.TimeoutExpired:
            passed, said = False, f"not done after {TIME_LIMIT} s"
        return test, passed, said, time.monotonic() - began

    def run_alone(test):
        loader.forget_grants(aws)
        return run(test)

    failed = []
    times = []
    alone = [test for test in tests if test.startswith(ALONE)]
    together = [test for test in tests if test not in alone]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for test, passed, said, seconds in chain(pool.map(run, together), map(run_alone, alone)):
            times.append((seconds, test))
            if passed == (test in excepted):
                say(f"  FAILED {test} ({seconds:.1f} s)")
                say("    passes, and is excepted" if passed else "    " + said[-1500:].strip().replace("\n", "\n    "))
                failed.append(test)
    for seconds, test in sorted(times)[-12:]:
        say(f"  {seconds:5.1f} s {test}")
    say(f"wire: {len(tests) - len(failed)} as they should be")
    return failed


def verify(built, door, loader, aws):
    """`smart verify`, as an operator runs it: whether what is deployed does what it says."""
    seed, report = aws.folder / "verify", aws.folder / "report.json"
    subprocess.run([built["smart"], "verify", "--make-seed", seed, door.url], check=True, stdout=subprocess.DEVNULL)
    loader.load(seed)
    began = time.monotonic()
    ran = subprocess.run([built["smart"], "verify", door.url, "--seed", seed, "--report", report],
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    items = json.loads(report.read_text() or "{}").get("items", [])
    # Nothing may be left untried: the server is on this machine, where keys can be published.
    is_true = ran.returncode == 0 and items and all(item["true"] is True for item in items)
    say(f"verify: {len(items)} items ({time.monotonic() - began:.0f} s)")
    if not is_true:
        say("    " + ran.stdout[-3000:].strip().replace("\n", "\n    "))
    return [] if is_true else ["smart verify"]


def exceptions(tests):
    """Of the file `exceptions`: a test a line, then its reason."""
    lines = [line for line in (TESTS / "deployed/exceptions").read_text().splitlines() if line and not line.startswith("#")]
    named = dict(line.split(maxsplit=1) for line in lines)
    return {test: reason for test, reason in named.items() if test in tests}
