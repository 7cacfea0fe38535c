"""An emulator of AWS, and `sam` against it as an operator uses it."""

import atexit
import contextlib
import http.client
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import boto3

import leavings
from ministack import MiniStack
from template import FUNCTIONS, INFRA

DEPLOY_LIMIT = 300  # seconds
# Stands in for a function's program: the Runtime API's loop, answering with what was asked and what it was told at start.
STAND_IN = Path(__file__).with_name("bootstrap")


class Emulator:
    """A context. What AWS_ENDPOINT_URL names is used, neither started nor stopped, and left as it was; else MiniStack runs within it.

    Stacks have the names that they are given, with something before them in an emulator that is not ours: others may have such names there.
    """

    def __init__(self, ministack):
        self._ministack = ministack

    def __enter__(self):
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with contextlib.ExitStack() as within:
            self.folder = Path(within.enter_context(tempfile.TemporaryDirectory(prefix="smart-infra-")))
            adopted = os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
            self._prefix = f"test-{secrets.token_hex(3)}-" if adopted else ""
            self.url = adopted or within.enter_context(MiniStack(self._ministack, self.folder)).url
            self.address = address_of(self.url)
            self.environment = {
                "PATH": os.environ["PATH"], "HOME": str(self.folder), "SAM_CLI_TELEMETRY": "0", "PYTHONDONTWRITEBYTECODE": "1",
                "AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            }
            self._leavings = leavings.Leavings(self.client)
            if adopted:
                within.callback(self._leavings.remove)
            self._within = within.pop_all()
        # However the tests end, it is left.
        atexit.register(self._within.close)
        return self

    def __exit__(self, *_):
        self._within.close()

    def client(self, service):
        return boto3.client(service, endpoint_url=self.url, region_name="us-east-1",
                            aws_access_key_id="test", aws_secret_access_key="test")

    def named(self, stack):
        return f"{self._prefix}{stack}"

    def alone(self, stack):
        """A stack that a test makes by itself, under exactly this name: nobody may have one."""
        assert not leavings.exists(self.client, stack), f"{self.url} has a stack `{stack}` already, which this test would change"
        self._leavings.of_stack(stack, f"{stack}/")

    def later(self, call, **arguments):
        """Undoes what a test did besides stacks, where that would be left."""
        self._leavings.later(call, **arguments)

    def zone(self, domain):
        """A zone of Route 53: its id."""
        route53 = self.client("route53")
        made = route53.create_hosted_zone(Name=domain, CallerReference=secrets.token_hex(8))["HostedZone"]["Id"]
        self.later(route53.delete_hosted_zone, Id=made)
        return made.split("/")[-1]

    def certificate(self, domain):
        """A certificate of ACM: its ARN."""
        acm = self.client("acm")
        made = acm.request_certificate(DomainName=domain)["CertificateArn"]
        self.later(acm.delete_certificate, CertificateArn=made)
        return made

    def deploy(self, stack, programs=None, brands=None, **parameters):
        """`sam build`, with stand-ins for the programs if there are none, and `sam deploy`, with infra/samconfig.toml. Returns the outputs."""
        stack, built = self.named(stack), self.folder / "build"
        self._leavings.of_stack(stack, f"{stack}/")
        given = {"BRANDS": str(brands)} if brands else {}
        self._sam("build", "--build-dir", built, BOOTSTRAPS=str(programs or self._stand_ins()), **given)
        given = ["--parameter-overrides", *(f"{name}={value}" for name, value in parameters.items())] if parameters else []
        self._sam("deploy", "--template-file", built / "template.yaml", "--stack-name", stack, "--s3-prefix", stack,
                  "--no-confirm-changeset", "--no-progressbar", *given)
        self._packaged = self._store(stack)
        return self._outputs(stack)

    def _stand_ins(self):
        programs = self.folder / "programs"
        for function in FUNCTIONS:
            (programs / function).mkdir(parents=True)
            shutil.copy(STAND_IN, programs / function / "bootstrap")
        return programs

    def create(self, stack, **parameters):
        """Another stack from the template that was deployed, without `sam` and its waits."""
        self._leavings.of_stack(self.named(stack))
        return self._apply("create_stack", "stack_create_complete", self.named(stack), parameters)

    def update(self, stack, **parameters):
        self._leavings.look(self.named(stack))
        return self._apply("update_stack", "stack_update_complete", self.named(stack), parameters)

    def delete(self, stack):
        self._leavings.look(self.named(stack))
        leavings.delete(self.client, self.named(stack))

    def _sam(self, command, *arguments, **environment):
        sam = Path(sys.executable).with_name("sam")
        ran = subprocess.run([sam, command, "--config-file", INFRA / "samconfig.toml", *arguments], cwd=INFRA, timeout=DEPLOY_LIMIT,
                             env={**self.environment, **environment}, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        assert ran.returncode == 0, f"sam {command}:\n{ran.stdout[-3000:]}"

    def _store(self, stack):
        """The packaged template, where CloudFormation finds one that is too long to be sent."""
        template = self.client("cloudformation").get_template(StackName=stack, TemplateStage="Original")["TemplateBody"]
        s3, bucket = self.client("s3"), self.named("templates")
        s3.create_bucket(Bucket=bucket)
        self.later(s3.delete_bucket, Bucket=bucket)
        s3.put_object(Bucket=bucket, Key="template", Body=template if isinstance(template, str) else json.dumps(template))
        self.later(s3.delete_object, Bucket=bucket, Key="template")
        return f"{self.url}/{bucket}/template"

    def _apply(self, call, waiter, stack, parameters):
        cloudformation = self.client("cloudformation")
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        getattr(cloudformation, call)(StackName=stack, TemplateURL=self._packaged, Parameters=given,
                                      Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"])
        cloudformation.get_waiter(waiter).wait(StackName=stack, WaiterConfig={"Delay": 1})
        return self._outputs(stack)

    def outputs(self, stack):
        return self._outputs(self.named(stack))

    def _outputs(self, stack):
        (found,) = self.client("cloudformation").describe_stacks(StackName=stack)["Stacks"]
        return {output["OutputKey"]: output["OutputValue"] for output in found["Outputs"]}

    def resource(self, stack, name):
        found = self.client("cloudformation").describe_stack_resource(StackName=self.named(stack), LogicalResourceId=name)
        return found["StackResourceDetail"]["PhysicalResourceId"]

    def host_of(self, api):
        """By which the emulator knows an API among its own: what it says itself (on MiniStack API.execute-api.localhost:PORT, on LocalStack
        API.execute-api.localhost.localstack.cloud:4566). Resolvers need not know it, since whoever asks connects to `address`."""
        return self.client("apigatewayv2").get_api(ApiId=api)["ApiEndpoint"].split("://")[-1]

    def ask(self, api, method, path, body=None, headers={}):
        """A request to an HTTP API: (status, the answer's JSON)."""
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        try:
            connection.request(method, path, body, {"Host": self.host_of(api), **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()


def address_of(url):
    """Host and port, to connect to."""
    parts = urlsplit(url)
    assert parts.scheme == "http" and parts.hostname, f"AWS_ENDPOINT_URL is {url}: expected http://HOST:PORT, of an emulator"
    return parts.hostname, parts.port or 80
