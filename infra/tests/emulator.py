"""An emulator of AWS on a free port of this machine, and `sam` against it as an operator uses it."""

import atexit
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import boto3

from template import FUNCTIONS, INFRA

START_LIMIT = 60  # seconds
DEPLOY_LIMIT = 300
# Stands in for a function's program: the Runtime API's loop, answering with what was asked and what it was told at start.
STAND_IN = Path(__file__).with_name("bootstrap")
# The emulator writes head and body of an event apart; without this a program waits 40 ms for the second half (Nagle, delayed ACK).
START = "import socketserver, ministack.app; socketserver.StreamRequestHandler.disable_nagle_algorithm = True; ministack.app.main()"


class Emulator:
    """A context: the emulator runs within it, and ends with it."""

    def __init__(self, ministack):
        self._ministack = ministack

    def __enter__(self):
        self._scratch = tempfile.TemporaryDirectory(prefix="smart-infra-")
        self.folder = Path(self._scratch.name)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.api_domain = f"execute-api.localhost:{self.port}"
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(self.folder), "SAM_CLI_TELEMETRY": "0", "PYTHONDONTWRITEBYTECODE": "1",
            "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
        }
        # Without the first variable it listens on all addresses.
        own = {"IOT_MTLS_ENABLED": "0", "BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(self.port)}
        self._log = (self.folder / "emulator.log").open("w+")
        self._process = subprocess.Popen([Path(self._ministack).with_name("python"), "-c", START], cwd=self.folder, env={**self.environment, **own},
                                         stdout=self._log, stderr=subprocess.STDOUT)
        # However the tests end, it ends with them.
        atexit.register(self._stop)
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._wait()
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_):
        self._stop()
        self._log.close()
        self._scratch.cleanup()

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
        while time.monotonic() < until:
            if self._process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1):
                    return
            except OSError:
                time.sleep(0.1)
        self._log.seek(0)
        raise AssertionError(f"the emulator did not start:\n{self._log.read()[-2000:]}")

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1",
                            aws_access_key_id="test", aws_secret_access_key="test")

    def deploy(self, stack, programs=None, brands=None, **parameters):
        """`sam build`, with stand-ins for the programs if there are none, and `sam deploy`, with infra/samconfig.toml. Returns the outputs."""
        built = self.folder / "build"
        given = {"BRANDS": str(brands)} if brands else {}
        self._sam("build", "--build-dir", built, BOOTSTRAPS=str(programs or self._stand_ins()), **given)
        given = ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())] if parameters else []
        self._sam("deploy", "--template-file", built / "template.yaml", "--stack-name", stack, "--no-confirm-changeset", "--no-progressbar", *given)
        self._packaged = self._store(stack)
        return self.outputs(stack)

    def _stand_ins(self):
        programs = self.folder / "programs"
        for function in FUNCTIONS:
            (programs / function).mkdir(parents=True)
            shutil.copy(STAND_IN, programs / function / "bootstrap")
        return programs

    def create(self, stack, **parameters):
        """Another stack from the template that was deployed, without `sam` and its waits."""
        return self._apply("create_stack", "stack_create_complete", stack, parameters)

    def update(self, stack, **parameters):
        return self._apply("update_stack", "stack_update_complete", stack, parameters)

    def delete(self, stack):
        cloudformation = self.client("cloudformation")
        cloudformation.delete_stack(StackName=stack)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=stack, WaiterConfig={"Delay": 1})

    def _sam(self, command, *arguments, **environment):
        sam = Path(sys.executable).with_name("sam")
        ran = subprocess.run([sam, command, "--config-file", INFRA / "samconfig.toml", *arguments], cwd=INFRA, timeout=DEPLOY_LIMIT,
                             env={**self.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert ran.returncode == 0, f"sam {command}:\n{ran.stdout[-3000:]}"

    def _store(self, stack):
        """The packaged template, where CloudFormation finds one that is too long to be sent."""
        template = self.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        s3 = self.client("s3")
        s3.create_bucket(Bucket="templates")
        s3.put_object(Bucket="templates", Key="template", Body=template if isinstance(template, str) else json.dumps(template))
        return f"{self.url}/templates/template"

    def _apply(self, call, waiter, stack, parameters):
        cloudformation = self.client("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        getattr(cloudformation, call)(StackName=stack, TemplateURL=self._packaged, Parameters=given,
                                      Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        cloudformation.get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": 1})
        return self.outputs(stack)

    def outputs(self, stack):
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def resource(self, stack, name):
        found = self.client("cloudformation").describe_stack_resource(StackName=stack, LogicalResourceId=name)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def ask(self, api, method, path, body=None, headers={}):
        """A request to an HTTP API: (status, the answer's JSON)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Host": f"{api}.{self.api_domain}", **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
