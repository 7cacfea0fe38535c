"""The tables and the keys: what must not be lost, and who may sign."""

import json
import unittest

import source_code as code
from template import FUNCTIONS, deployed, listed

TABLES = {"AuthorizationTable": "STATE", "RecordsTable": "RECORDS"}
KEYS = ["SigningKeyA", "SigningKeyB"]


class Tables(unittest.TestCase):
    def test_keys_and_indexes_are_those_that_the_code_asks_for(self):
        stack = deployed()
        for name, schema in TABLES.items():
            with self.subTest(name):
                table, wanted = stack[name], code.tables()[schema]
                self.assertEqual(table["KeySchema"], [{"AttributeName": wanted["key"], "KeyType": "HASH"}])
                found = set()
                for index in table["GlobalSecondaryIndexes"]:
                    hash_, range_ = (part["AttributeName"] for part in index["KeySchema"])
                    self.assertEqual([part["KeyType"] for part in index["KeySchema"]], ["HASH", "RANGE"])
                    whole = {"ALL": True, "KEYS_ONLY": False}[index["Projection"]["ProjectionType"]]
                    found.add((index["IndexName"], hash_, range_, whole))
                self.assertEqual(found, wanted["indexes"])
                used = {wanted["key"]}.union(*({hash_, range_} for _, hash_, range_, _ in found))
                self.assertEqual({(a["AttributeName"], a["AttributeType"]) for a in table["AttributeDefinitions"]}, {(a, "S") for a in used})

    def test_what_expires_is_removed_and_records_are_not(self):
        stack = deployed()
        for name, schema in TABLES.items():
            attribute = code.tables()[schema]["time_to_live"]
            wanted = {"AttributeName": attribute, "Enabled": True} if attribute else None
            self.assertEqual(stack[name].get("TimeToLiveSpecification"), wanted)
        self.assertEqual(stack["AuthorizationTable"]["TimeToLiveSpecification"]["AttributeName"], "expires_at")

    def test_tables_are_paid_by_use_backed_up_and_protected(self):
        for name in TABLES:
            with self.subTest(name):
                table = deployed()[name]
                self.assertEqual(table["BillingMode"], "PAY_PER_REQUEST")
                self.assertEqual(table["PointInTimeRecoverySpecification"], {"PointInTimeRecoveryEnabled": True})
                self.assertIs(table["DeletionProtectionEnabled"], True)
                self.assertNotIn("TableName", table)  # a name of its own would forbid a second stack after a deleted one

    def test_encryption_by_the_accounts_key_by_ones_own_or_by_awss(self):
        for name in TABLES:
            self.assertEqual(deployed()[name]["SSESpecification"], {"SSEEnabled": True, "SSEType": "KMS"})
            own = "arn:aws:kms:us-east-1:000000000000:key/k"
            encryption = deployed(TableKeyArn=own)[name]["SSESpecification"]
            self.assertEqual(encryption, {"SSEEnabled": True, "SSEType": "KMS", "KMSMasterKeyId": own})
            self.assertEqual(deployed(TableEncryption="AWS_OWNED")[name]["SSESpecification"], {"SSEEnabled": False})

    def test_tables_keys_and_logs_outlive_the_stack(self):
        stack = deployed(SigningKeys="A,B", CloudFront="true")
        kept = {"AWS::DynamoDB::Table", "AWS::KMS::Key", "AWS::Logs::LogGroup"}
        names = [name for name, r in stack.resources.items() if r["Type"] in kept]
        self.assertEqual(len(names), 2 + 2 + 6)
        for name in names:
            with self.subTest(name):
                self.assertEqual(stack.resources[name].get("DeletionPolicy"), "Retain")
                self.assertEqual(stack.resources[name].get("UpdateReplacePolicy"), "Retain")


class Keys(unittest.TestCase):
    def test_a_key_signs_with_rsa_2048(self):
        stack = deployed(SigningKeys="A,B")
        for name in KEYS:
            key = stack[name]
            self.assertEqual((key["KeySpec"], key["KeyUsage"]), ("RSA_2048", "SIGN_VERIFY"))
            self.assertEqual(key["PendingWindowInDays"], 30)
            self.assertEqual(stack[f"{name}Alias"]["TargetKeyId"], f"${{{name}}}")

    def test_only_the_token_function_can_sign(self):
        for name in KEYS:
            statements = deployed(SigningKeys="A,B")[name]["KeyPolicy"]["Statement"]
            who = [s["Principal"]["AWS"] for s in statements if any(covers(a, "kms:Sign") for a in listed(s["Action"]))]
            self.assertEqual(who, ["${TokenRole.Arn}"])
            (signer,) = [s for s in statements if s["Sid"] == "Signer"]
            self.assertEqual(signer["Condition"], {"StringEquals": {"kms:SigningAlgorithm": "RSASSA_PKCS1_V1_5_SHA_256"}})
            # Whoever may make a grant may let others sign.
            self.assertFalse([s for s in statements if any(covers(a, "kms:CreateGrant") for a in listed(s["Action"]))])

    def test_the_public_key_is_read_by_the_functions_whose_port_it_is(self):
        for name in KEYS:
            statements = deployed(SigningKeys="A,B")[name]["KeyPolicy"]["Statement"]
            who = {w for s in statements if any(covers(a, "kms:GetPublicKey") for a in listed(s["Action"])) for w in listed(s["Principal"]["AWS"])}
            readers = {n for f, n in FUNCTIONS.items() if {"PublicKeys", "Signer"} & code.ports_of(f)}
            # The operator (`smart key list`) by the account: it is published anyway.
            root = "arn:${AWS::Partition}:iam::${AWS::AccountId}:root"
            self.assertEqual(who, {f"${{{n}Role.Arn}}" for n in readers} | {root})

    def test_the_account_administers_and_cannot_be_locked_out(self):
        for name in KEYS:
            (root,) = [s for s in deployed(SigningKeys="A,B")[name]["KeyPolicy"]["Statement"] if s["Sid"] == "Administration"]
            self.assertTrue(root["Principal"]["AWS"].endswith(":root"))
            self.assertLessEqual({"kms:PutKeyPolicy", "kms:DescribeKey", "kms:ScheduleKeyDeletion"}, set(root["Action"]))
            self.assertFalse([a for a in root["Action"] if "*" in a])

    def test_a_rotation_publishes_before_it_signs_and_keeps_what_lately_signed(self):
        said = []
        for slots in ("A", "A,B", "B,A", "B"):
            stack = deployed(SigningKeys=slots)
            self.assertEqual({n for n in KEYS if n in stack.resources}, {f"SigningKey{s}" for s in slots.split(",")})
            used = {json.dumps(stack[f"{n}Function"]["Environment"]["Variables"].get("SMART_SIGNING_KEYS")) for n in ("Discovery", "Token", "FhirRead")}
            self.assertEqual(len(used), 1, "all functions go by the same keys")
            said.append(json.loads(used.pop()))
        a, b = "${SigningKeyA.Arn}", "${SigningKeyB.Arn}"
        self.assertEqual(said, [a, f"{a},{b}", f"{b},{a}", b])


def covers(pattern, action):
    """Whether an action of a policy means this one, wildcards and all."""
    import fnmatch

    return fnmatch.fnmatch(action.lower(), pattern.lower())


if __name__ == "__main__":
    unittest.main()
