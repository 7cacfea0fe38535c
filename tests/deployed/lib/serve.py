"""A deployment in the place of `smart serve`, for tests/clients/run: told the same, it says `ready URL`, and is there until it is ended.

    serve.py BOOTSTRAPS SMART --seed FOLDER [--brands FILE] [--ehr-origins LIST] [--login-providers FILE --local-users true]
        [--registration-token-sha256 HEX]

Deploys to the emulator that AWS_ENDPOINT_URL names, and leaves that as it was. What the local server is told by options, a stack is told
by its parameters, but for brands, which are in its package; a provider's client secret, which is a file there, is a secret of Secrets Manager here; and the seed is loaded by the
operator's commands, with SMART, the binary.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "infra/tests"))

from door import Door  # noqa: E402
from emulator import Emulator  # noqa: E402


def main():
    asked = arguments()
    with Emulator(None) as aws, Door(aws) as door:
        outputs = aws.deploy("clients", asked.bootstraps, asked.brands, PublicUrl=door.url, **parameters(asked, aws))
        door.opens(outputs["ApiId"])
        load(asked, aws)
        print(f"ready {door.url}", flush=True)
        try:
            signal.pause()
        except KeyboardInterrupt:
            pass  # told to end


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bootstraps")
    parser.add_argument("smart")
    parser.add_argument("--seed", type=Path, required=True)
    parser.add_argument("--brands", type=Path)
    parser.add_argument("--ehr-origins")
    parser.add_argument("--login-providers", type=Path)
    parser.add_argument("--local-users")
    parser.add_argument("--registration-token-sha256")
    return parser.parse_args()


def parameters(asked, aws):
    """The options, as the guide gives them to `sam deploy`."""
    given = {}
    if asked.ehr_origins:
        given["EhrOrigins"] = asked.ehr_origins
    if asked.registration_token_sha256:
        given["RegistrationTokenSha256"] = asked.registration_token_sha256
    if asked.login_providers:
        providers = json.loads(asked.login_providers.read_text())
        arns = [kept(provider, aws) for provider in providers if "client_secret" in provider]
        given |= {"LoginProviders": f"'{json.dumps(providers)}'", "LoginSecretArns": ",".join(arns)}
    if asked.local_users:
        given["LoginLocalUsers"] = asked.local_users
    return given


def kept(provider, aws):
    """Puts a provider's secret where functions read it from, and names that place: its ARN."""
    secrets, name = aws.client("secretsmanager"), aws.named(f"{provider['id']}-secret")
    value = Path(provider["client_secret"].removeprefix("file:")).read_text().strip()
    arn = secrets.create_secret(Name=name, SecretString=value)["ARN"]
    aws.later(secrets.delete_secret, SecretId=arn, ForceDeleteWithoutRecovery=True)
    provider["client_secret"] = f"secretsmanager:{name}"
    return arn


def load(asked, aws):
    files = {("client", "add"): ["clients.json"], ("user", "add"): ["users.json"], ("import",): sorted((asked.seed / "fhir").iterdir())}
    for command, names in files.items():
        subprocess.run([asked.smart, *command, "--aws", aws.named("clients"), *(asked.seed / name for name in names)],
                       env={**os.environ, **aws.environment, "AWS_REGION": "us-east-1"}, check=True, stdout=sys.stderr)


if __name__ == "__main__":
    main()
