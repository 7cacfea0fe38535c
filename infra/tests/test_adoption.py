"""An emulator that runs already, by AWS_ENDPOINT_URL: it is used under the names that it gives, and left as it was.

It is MiniStack here, too, started from outside and told to name its APIs as LocalStack does. LocalStack itself was not run.
"""

import os
import re
import subprocess
import tempfile
import unittest
from pathlib import Path
from unittest.mock import patch

import boto3

import leavings
from emulator import Emulator
from ministack import MiniStack
from template import INFRA

# Somebody's, under the very name that the tests would take.
STACK = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'


class Adoption(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = Path(cls.enterClassContext(tempfile.TemporaryDirectory(prefix="smart-infra-")))
        cls.outside = cls.enterClassContext(MiniStack(os.environ["MINISTACK"], folder, host="localhost.localstack.cloud"))
        cls.enterClassContext(patch.dict(os.environ, AWS_ENDPOINT_URL=cls.outside.url))

    def client(self, service):
        return boto3.client(service, endpoint_url=self.outside.url, region_name="us-east-1", aws_access_key_id="test", aws_secret_access_key="test")

    def there(self):
        """All that a run of the tests could leave behind or take away, by service."""
        stacks = [s for s in self.client("cloudformation").describe_stacks()["Stacks"] if s["StackStatus"] != "DELETE_COMPLETE"]
        keys = [self.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"] for key in self.client("kms").list_keys()["Keys"]]
        buckets = [bucket["Name"] for bucket in self.client("s3").list_buckets()["Buckets"]]
        return {
            "stacks": sorted(stack["StackName"] for stack in stacks),
            "tables": sorted(self.client("dynamodb").list_tables()["TableNames"]),
            "keys": sorted(key["KeyId"] for key in keys if key["KeySpec"] == "RSA_2048" and key["KeyState"] == "Enabled"),
            "objects": sorted((name, o["Key"]) for name in buckets for o in self.client("s3").list_objects_v2(Bucket=name).get("Contents", [])),
            "buckets": sorted(buckets),
            "logs": sorted(group["logGroupName"] for group in self.client("logs").describe_log_groups()["logGroups"]),
            "functions": sorted(function["FunctionName"] for function in self.client("lambda").list_functions()["Functions"]),
            "apis": sorted(api["ApiId"] for api in self.client("apigatewayv2").get_apis()["Items"]),
            "roles": sorted(role["RoleName"] for role in self.client("iam").list_roles()["Roles"]),
            "topics": sorted(topic["TopicArn"] for topic in self.client("sns").list_topics()["Topics"]),
            "alarms": sorted(alarm["AlarmName"] for alarm in self.client("cloudwatch").describe_alarms()["MetricAlarms"]),
            "zones": sorted(zone["Id"] for zone in self.client("route53").list_hosted_zones()["HostedZones"]),
            "certificates": sorted(c["CertificateArn"] for c in self.client("acm").list_certificates()["CertificateSummaryList"]),
            "secrets": sorted(secret["Name"] for secret in self.client("secretsmanager").list_secrets()["SecretList"]),
        }

    def test_it_is_used_under_its_own_names_and_left_as_it_was(self):
        self.client("cloudformation").create_stack(StackName="smart", TemplateBody=STACK)
        self.client("logs").create_log_group(logGroupName="smart-theirs")
        self.client("kms").create_key(KeySpec="RSA_2048", KeyUsage="SIGN_VERIFY")
        self.client("s3").create_bucket(Bucket="templates")
        before = self.there()
        with Emulator("/nowhere/ministack") as aws:
            api = aws.deploy("smart")["ApiId"]
            self.assertEqual(aws.host_of(api).rpartition(":")[0], f"{api}.execute-api.localhost.localstack.cloud")
            status, said = aws.ask(api, "GET", "/.well-known/jwks.json")
            self.assertEqual((status, said["function"]), (200, aws.resource("smart", "DiscoveryFunction")))
            # What an update lets go of, a deletion, what is not in a stack.
            aws.create("other", DomainName="fhir.example.org", CertificateArn=aws.certificate("fhir.example.org"), HostedZoneId=aws.zone("example.org"))
            for slots in ("A,B", "B,A", "B"):
                aws.update("other", SigningKeys=slots)
            aws.update("other", RestoredAuthorizationTable="from-a-backup")
            aws.create("gone")
            aws.delete("gone")
            for what, those in before.items():
                self.assertLessEqual(set(those), set(self.there()[what]), what)
            self.assertNotEqual(self.there(), before)
        self.assertEqual(self.there(), before)

    def test_packages_of_others_stay_in_the_bucket_of_sam(self):
        with Emulator("/nowhere/ministack") as theirs:
            theirs.deploy("theirs")
            before = self.there()
            with Emulator("/nowhere/ministack") as ours:
                ours.deploy("ours")
            self.assertEqual(self.there(), before)
        self.assertFalse(leavings.exists(self.client, leavings.SAM))

    def test_a_test_that_makes_a_stack_of_one_name_makes_no_other_ones(self):
        with Emulator("/nowhere/ministack") as aws:
            self.client("cloudformation").create_stack(StackName="taken", TemplateBody=STACK)
            with self.assertRaisesRegex(AssertionError, "has a stack `taken` already"):
                aws.alone("taken")
        self.assertTrue(leavings.exists(self.client, "taken"))

    def test_the_tests_of_the_code_go_there_too(self):
        ran = subprocess.run([INFRA.parent / "tests/emulator/run", "sh", "-c", "echo $AWS_ENDPOINT_URL"], capture_output=True, text=True)
        self.assertEqual((ran.returncode, ran.stdout.strip()), (0, self.outside.url), ran.stderr)

    def test_the_page_beside_the_compose_file_asks_for_what_test_asks(self):
        """Features that are left out there leave out tests in silence."""
        page = (INFRA / "localstack/README.md").read_text()
        asked = re.findall(r"--features[ =]([\w/,-]+)", (INFRA.parent / "test").read_text())
        self.assertEqual(len(asked), 2)
        for features in asked:
            self.assertRegex(page, f"--features {re.escape(features)}(?=\\s)")

    def test_what_is_no_address_of_an_emulator_is_refused(self):
        with patch.dict(os.environ, AWS_ENDPOINT_URL="https://dynamodb.us-east-1.amazonaws.com"), self.assertRaisesRegex(AssertionError, "expected http://"):
            Emulator("/nowhere/ministack").__enter__()


if __name__ == "__main__":
    unittest.main()
