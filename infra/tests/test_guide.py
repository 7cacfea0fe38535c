"""README.md's commands, as they stand there, one after another, against an emulator."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest
from pathlib import Path

import leavings
from emulator import STAND_IN, Emulator
from template import FUNCTIONS, INFRA

TIME_LIMIT = 600


def blocks():
    """The shell blocks that are marked as tested, with the heading above each."""
    text = (INFRA / "README.md").read_text()
    found = re.finditer(r"(?m)^## (?P<heading>[^\n]+)$|^<!-- tested -->\n```sh\n(?P<code>.*?)^```$", text, re.S | re.M)
    heading = ""
    for match in found:
        if match["heading"]:
            heading = match["heading"]
        else:
            yield heading, match["code"]


def smart():
    """The operator's command, with AWS in it, as `./test` builds it."""
    binary = Path(os.environ.get("CARGO_TARGET_DIR", INFRA.parent / "target")).resolve() / "debug/smart"
    if not binary.is_file():
        raise FileNotFoundError(f"{binary}: build it with `cargo build --features smart-cli/aws -p smart-cli`")
    return binary


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.aws = cls.enterClassContext(Emulator(os.environ["MINISTACK"]))

    def tables(self):
        """Those that are called as the guide's are."""
        return {name for name in self.aws.client("dynamodb").list_tables()["TableNames"] if name.startswith("smart-")}

    def logs(self):
        """The groups of stacks that are called as the guide's is."""
        pages = self.aws.client("logs").get_paginator("describe_log_groups").paginate()
        return {group["logGroupName"] for page in pages for group in page["logGroups"] if "smart/" in group["logGroupName"]}

    def keys(self):
        return {key["KeyId"] for key in self.aws.client("kms").list_keys()["Keys"]}

    def beside_the_stack(self):
        """What the guide makes in no stack, and what deletes it."""
        secrets, topics = self.aws.client("secretsmanager"), self.aws.client("sns")
        for secret in secrets.list_secrets()["SecretList"]:
            if secret["Name"] == "smart/hospital":
                yield secrets.delete_secret, {"SecretId": secret["ARN"], "ForceDeleteWithoutRecovery": True}
        for topic in topics.list_topics()["Topics"]:
            if topic["TopicArn"].endswith(":smart-alarms"):
                yield topics.delete_topic, topic
        for name in {"smart-restored", "smart-records-restored"} & self.tables():
            yield leavings.delete_table, {"client": self.aws.client, "name": name}

    def leave_nothing(self, said):
        """In an emulator that stays: the stack listed what it would leave before it was deleted, should the guide have stopped halfway."""
        for delete, arguments in self.beside_the_stack():
            self.aws.later(delete, **arguments)
        for kind, name in re.findall(r"(?m)^(AWS::\S+)\t(\S+)$", said):
            if kind in leavings.RETAINED:
                self.aws.later(leavings.RETAINED[kind], client=self.aws.client, name=name)

    def test_the_guide_goes_from_nothing_to_nothing(self):
        folder = self.aws.folder
        self.aws.alone("smart")
        self.assertEqual(list(self.beside_the_stack()), [], "this test would change them")
        tables, keys, logs = self.tables(), self.keys(), self.logs()
        shutil.copytree(INFRA, folder / "infra", ignore=shutil.ignore_patterns(".aws-sam", "tests"))
        for function in FUNCTIONS:
            (folder / "target/lambda" / function).mkdir(parents=True)
            shutil.copy(STAND_IN, folder / "target/lambda" / function / "bootstrap")
        steps = list(blocks())
        self.assertGreaterEqual(len(steps), 9)
        # Between the steps: something to lose, and a look at what was done.
        script = []
        for number, (heading, code) in enumerate(steps):
            if heading == "Sign in at your identity provider":
                script.append("echo a-secret > hospital-secret")
            if "RestoredAuthorizationTable" in code:
                script.append('''for key in client#app user#a grant#1 grant#2 session#1; do
  aws dynamodb put-item --table-name "$(output AuthorizationTableName)" --item "{\\"pk\\":{\\"S\\":\\"$key\\"}}"
done''')
            if "sam delete" in code:
                script.append("aws cloudformation describe-stack-resources --stack-name smart --query 'StackResources[].[ResourceType,PhysicalResourceId]' --output text")
            script += [f"echo '#### {number} {heading}'", code]
            if "RestoredAuthorizationTable" in code:
                script.append("echo LEFT: $(aws dynamodb scan --table-name smart-restored --query 'sort(Items[].pk.S)' --output text)")
                script.append("echo TABLE: $(output AuthorizationTableName)")
                script.append("aws lambda list-functions --query 'Functions[].Environment.Variables'")
        tools = f"{Path(sys.executable).parent}:{Path(os.environ['AWS_CLI']).parent}"
        environment = {**self.aws.environment, "PATH": f"{tools}:{os.environ['PATH']}", "AWS_PAGER": "",
                       "SMART": str(smart()), "DOMAIN": "auth.example.org", "CERTIFICATE": self.aws.certificate("auth.example.org"), "ZONE": self.aws.zone("example.org")}
        # `sam` asks before it deploys; a rotation need not be waited for here, where nobody has an old token.
        wrapped = ["sam() { command sam \"$@\" < <(yes 2>/dev/null); }",
                   "smart() { if [ \"$1 $2\" = 'key rotate' ]; then set -- \"$@\" --without-waiting; fi; \"$SMART\" \"$@\"; }"]
        script = "\n".join(["set -euo pipefail", *wrapped, *script, "echo '#### end'"])
        ran = subprocess.run(["bash", "-c", script], cwd=folder, env=environment, text=True, timeout=TIME_LIMIT,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.leave_nothing(ran.stdout)
        self.assertTrue(ran.returncode == 0 and ran.stdout.endswith("#### end\n"), ran.stdout[-6000:])
        said = ran.stdout
        self.assertRegex(said, r"(?m)^https://\w+\.execute-api\.us-east-1\.amazonaws\.com/fhir$")
        # The domain stays through the rotation: parameters that were given once stay as they are.
        self.assertRegex(said, r"(?m)^https://auth\.example\.org/fhir$")
        last_deployment = said[said.index("Restore from a backup"):]
        self.assertRegex(last_deployment, r"https://auth\.example\.org\b")
        (told,) = set(re.findall(r'"SMART_LOGIN_PROVIDERS": ("\[.*")', said))
        self.assertEqual([provider["id"] for provider in json.loads(json.loads(told))], ["hospital"])
        self.assertIn("LEFT: client#app client#my-app grant#1 grant#2 session#1 user#a user#maria\n", said)
        self.assertIn("\"SMART_NOT_BEFORE\": \"20", said)
        # What apps will be shown, and the package with it.
        self.assertIn('"fullUrl": "https://auth.example.org/brands/Organization/example-health"', said)
        self.assertTrue((folder / "infra/.aws-sam/build/DiscoveryFunction/brands.json").is_file())
        # An app, a user, a record.
        self.assertRegex(said, r"(?m)^my-app\b")
        self.assertIn("loaded 1 resource (1 new", said)
        self.assertIn("The rotation is done", said)
        self.assertIn("TABLE: smart-restored\n", said)
        # All that would stay is named before the stack goes, and nothing is left of it in the end.
        self.assertRegex(said, r"(?s)tables: .*smart-records-restored.*smart-restored.* keys: \S+ logs: (\S+\s+){5}")
        self.assertEqual(self.logs(), logs)
        self.assertEqual(self.tables(), tables)
        made = [self.aws.client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in self.keys() - keys]
        self.assertEqual([key["KeyState"] for key in made if key["KeySpec"] == "RSA_2048"], ["PendingDeletion", "PendingDeletion"])


if __name__ == "__main__":
    unittest.main()
