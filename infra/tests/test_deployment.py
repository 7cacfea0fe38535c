"""`sam build` and `sam deploy` against an emulator, with stand-ins for the programs.

Proves wiring: that the stack comes up, that each path reaches its function, that a function is told what exists. What the emulator
drops in silence (TTL, backups, encryption, IAM) is asserted on the template by the other files.
"""

import base64
import os
import unittest

from botocore.exceptions import ClientError

import source_code as code
from emulator import Emulator
from template import FUNCTIONS

STACK = "smart"


class Deployment(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.aws = cls.enterClassContext(Emulator(os.environ["MINISTACK"]))
        cls.outputs = cls.aws.deploy(STACK)

    def function(self, name, stack=STACK):
        return self.aws.resource(stack, f"{name}Function")

    def test_the_stack_is_complete(self):
        (stack,) = self.aws.client("cloudformation").describe_stacks(StackName=self.aws.named(STACK))["Stacks"]
        self.assertEqual(stack["StackStatus"], "CREATE_COMPLETE")
        self.assertLessEqual({"Issuer", "FhirBase", "AuthorizationTableName", "RecordsTableName"}, set(self.outputs))

    def test_each_path_reaches_its_function_which_was_told_what_exists(self):
        api = self.outputs["ApiId"]
        exists = {
            "SMART_PUBLIC_URL": self.outputs["Issuer"],
            "SMART_TABLE": self.outputs["AuthorizationTableName"],
            "SMART_RECORDS_TABLE": self.outputs["RecordsTableName"],
            "SMART_SIGNING_KEYS": self.outputs["SigningKeyAArn"],
            "SMART_EHR_ORIGINS": "",
            "SMART_LOGIN_PROVIDERS": "",
            "SMART_LOGIN_LOCAL_USERS": "",
            "SMART_NOT_BEFORE": "",
            "SMART_REGISTRATION": "",
            "SMART_REGISTRATION_TOKEN_SHA256": "",
        }
        for function, name in FUNCTIONS.items():
            for route in sorted(code.routes_of(function)):
                path = route.replace("{*path}", "Patient/a")
                with self.subTest(path):
                    status, said = self.aws.ask(api, "GET", f"{path}?a=b")
                    self.assertEqual(status, 200, said)
                    self.assertEqual(said["function"], self.function(name))
                    self.assertEqual(said["event"]["version"], "2.0")
                    self.assertEqual((said["event"]["rawPath"], said["event"]["rawQueryString"]), (path.rstrip("/"), "a=b"))  # the emulator drops a slash
                    self.assertLessEqual(said["told"].items(), exists.items())

    def test_a_form_arrives_as_it_was_sent(self):
        api = self.outputs["ApiId"]
        form = {"content-type": "application/x-www-form-urlencoded"}
        status, said = self.aws.ask(api, "POST", "/auth/token", "grant_type=refresh_token", form)
        self.assertEqual((status, said["event"]["isBase64Encoded"]), (200, True))
        self.assertEqual(base64.b64decode(said["event"]["body"]), b"grant_type=refresh_token")

    def test_what_nobody_serves_is_404(self):
        for path in ("/", "/auth", "/auth/nowhere", "/demo/", "/.well-known/other"):
            self.assertEqual(self.aws.ask(self.outputs["ApiId"], "GET", path)[0], 404, path)

    def test_the_tables_are_there_with_their_indexes(self):
        for output, schema in ("AuthorizationTableName", "STATE"), ("RecordsTableName", "RECORDS"):
            table = self.aws.client("dynamodb").describe_table(TableName=self.outputs[output])["Table"]
            self.assertEqual({i["IndexName"] for i in table["GlobalSecondaryIndexes"]}, {i[0] for i in code.tables()[schema]["indexes"]})

    def test_keys_rotate_by_redeployment(self):
        stack = "rotating"
        self.aws.create(stack)
        arns = {}
        for slots in ("A,B", "B,A", "B", "B,A", "A,B", "A"):
            outputs = self.aws.update(stack, SigningKeys=slots)
            now = {slot: outputs[f"SigningKey{slot}Arn"] for slot in slots.split(",")}
            # A slot keeps its key while it is in use; used again after a retirement, it gets another one.
            for slot, arn in now.items():
                self.assertEqual(arns.get(slot, arn), arn)
            arns = now
            told = self.aws.client("lambda").get_function_configuration(FunctionName=self.function("Token", stack))["Environment"]
            self.assertEqual(told["Variables"]["SMART_SIGNING_KEYS"], ",".join(now[slot] for slot in slots.split(",")))
            for arn in now.values():
                self.assertEqual(self.aws.client("kms").get_public_key(KeyId=arn)["KeySpec"], "RSA_2048")

    def test_a_restored_table_is_used_and_the_old_one_stays(self):
        stack = "restored"
        before = self.aws.create(stack)["AuthorizationTableName"]
        after = self.aws.update(stack, RestoredAuthorizationTable="from-a-backup")["AuthorizationTableName"]
        self.assertEqual(after, "from-a-backup")
        told = self.aws.client("lambda").get_function_configuration(FunctionName=self.function("Token", stack))["Environment"]
        self.assertEqual(told["Variables"]["SMART_TABLE"], "from-a-backup")
        self.assertIn(before, self.aws.client("dynamodb").list_tables()["TableNames"])

    def test_a_deleted_stack_leaves_tables_and_keys(self):
        stack = "gone"
        outputs = self.aws.create(stack)
        self.aws.delete(stack)
        tables = self.aws.client("dynamodb").list_tables()["TableNames"]
        self.assertLessEqual({outputs["AuthorizationTableName"], outputs["RecordsTableName"]}, set(tables))
        key = self.aws.client("kms").describe_key(KeyId=outputs["SigningKeyAArn"])["KeyMetadata"]
        self.assertEqual(key["KeyState"], "Enabled")

    def test_behind_cloudfront_only_cloudfront_gets_in(self):
        outputs = self.aws.create("front", CloudFront="true", DomainName="auth.example.org", HostedZoneId=self.aws.zone("example.org"),
                                  CertificateArn=self.aws.certificate("auth.example.org"))
        self.assertEqual(outputs["Issuer"], "https://auth.example.org")
        secret = self.aws.client("secretsmanager").get_secret_value(SecretId=self.aws.resource("front", "OriginSecret"))["SecretString"]
        for headers, expected in [({}, 401), ({"x-origin-verify": "guessed"}, 403), ({"x-origin-verify": secret}, 200)]:
            self.assertEqual(self.aws.ask(outputs["ApiId"], "GET", "/.well-known/jwks.json", headers=headers)[0], expected)

    def test_with_a_domain_of_its_own(self):
        outputs = self.aws.create("domain", DomainName="fhir.example.org", CertificateArn=self.aws.certificate("fhir.example.org"))
        self.assertEqual(outputs["FhirBase"], "https://fhir.example.org/fhir")
        (api,) = [a for a in self.aws.client("apigatewayv2").get_apis()["Items"] if a["ApiId"] == outputs["ApiId"]]
        self.assertIs(api["DisableExecuteApiEndpoint"], True)

    def test_what_cannot_work_is_refused_before_anything_is_made(self):
        for parameters, words in [
            ({"DomainName": "fhir.example.org"}, "DomainName needs CertificateArn"),
            ({"WebAclArn": "arn:aws:wafv2:us-east-1:000000000000:global/webacl/w/1"}, "WebAclArn needs CloudFront"),
            ({"CloudFront": "true"}, "CloudFront needs DomainName"),  # TOK-29: its own certificate would let TLS 1.0 pass
            ({"PublicUrl": "https://auth.example.org/path"}, "PublicUrl"),
        ]:
            with self.subTest(parameters), self.assertRaises(ClientError) as refused:
                self.aws.create("refused", **parameters)
            self.assertIn(words, str(refused.exception))


if __name__ == "__main__":
    unittest.main()
