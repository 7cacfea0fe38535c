"""A function's bounds, its IAM statements and its environment are spellings of one list: the ports."""

import json
import os
import re
import unittest
from dataclasses import dataclass

import source_code as code
from template import FUNCTIONS, INFRA, deployed, every, listed

STATE, RECORDS, KEY = "SMART_TABLE", "SMART_RECORDS_TABLE", "SMART_SIGNING_KEYS"
# What began before it is refused: for whoever reads the state.
NOT_BEFORE = "SMART_NOT_BEFORE"


@dataclass(frozen=True)
class Needs:
    """What a port needs of AWS."""

    of: str
    actions: set
    kinds: tuple = ()  # of items: what their keys begin with
    indexes: tuple = ()
    types: tuple = ()  # of resources: those keys, and those groups of each patient


# The types of smart-aws that bring each to a function: one of them. Public keys can also be read when they are first asked for.
ADAPTERS = {STATE: {"StateTable"}, RECORDS: {"RecordsTable"}, KEY: {"KmsKeys", "KmsPublicKeys"}}

PORTS = {
    "Clients": Needs(STATE, {"dynamodb:GetItem"}, ("client#",)),
    "Registrations": Needs(STATE, {"dynamodb:GetItem", "dynamodb:PutItem"}, ("client#dyn-",)),
    "Users": Needs(STATE, {"dynamodb:GetItem"}, ("user#",)),
    "Enrolments": Needs(STATE, {"dynamodb:PutItem"}, ("user#oidc:",)),
    "Sessions": Needs(STATE, {"dynamodb:GetItem"}, ("session#",)),
    "SignIns": Needs(STATE, {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, ("session#",)),
    "Throttle": Needs(STATE, {"dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"}, ("attempts#",)),
    "Grants": Needs(STATE, {"dynamodb:GetItem"}, ("grant#",)),
    "Authorizations": Needs(STATE, {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}, ("grant#",)),
    "UserGrants": Needs(STATE, {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:UpdateItem"}, ("grant#", "grants#"), ("lists",)),
    "Redemptions": Needs(STATE, {"dynamodb:GetItem", "dynamodb:UpdateItem"}, ("grant#",)),
    "Launches": Needs(STATE, {"dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem"}, ("launch#",)),
    "RevokedTokens": Needs(STATE, {"dynamodb:GetItem"}, ("revoked#",)),
    "Revocations": Needs(STATE, {"dynamodb:PutItem"}, ("revoked#",)),
    "Replay": Needs(STATE, {"dynamodb:GetItem", "dynamodb:PutItem"}, ("use#",)),
    "Patients": Needs(RECORDS, {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"}, ("patient#", "patients", "word#"), ("groups",), ("Encounter",)),
    "Records": Needs(RECORDS, {"dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"}, (), ("groups", "types")),
    "Signer": Needs(KEY, {"kms:GetPublicKey", "kms:Sign"}),
    "PublicKeys": Needs(KEY, {"kms:GetPublicKey"}),
}

# Who registers clients besides the operator: a port of the token function only where it is turned on, and told to discovery, which lists it.
REGISTRATION = {"discovery": "SMART_REGISTRATION", "token": "SMART_REGISTRATION_TOKEN_SHA256"}
# How people sign in: no port's.
SIGN_IN = {"SMART_LOGIN_PROVIDERS", "SMART_LOGIN_LOCAL_USERS"}
# Ports that ask nothing of AWS: keys that clients publish are on the internet, where a function outside a VPC may go.
ELSEWHERE = {"ClientKeySets"}

# What a function may do besides: its own logs and traces.
BESIDES = {"Logs", "Trace"}


PERMISSIONS = INFRA / "permissions.json"


def permissions():
    """What each function may do, as the deployed template says it, with all that is optional turned on."""
    stack = deployed(SigningKeys="A,B", RegistrationTokenSha256="ab" * 32)
    return {function: [statement(sid, s) for sid, s in stack.statements(f"{name}Policy").items() if sid not in BESIDES] for function, name in FUNCTIONS.items()}


def statement(sid, said):
    resources = listed(said["Resource"])
    on = {"AuthorizationTable": "state", "RecordsTable": "records", "SigningKeyA": "keys"}[re.match(r"\$\{(\w+)\.Arn\}", resources[0])[1]]
    return {
        "sid": sid,
        "actions": sorted(listed(said["Action"])),
        "on": on,
        "indexes": [resource.split("/index/")[1] for resource in resources if "/index/" in resource],
        "keys": [pattern for patterns in every(said, "dynamodb:LeadingKeys") for pattern in listed(patterns)],
    }


def ports_of(function):
    return code.ports_of(function) - ELSEWHERE


class Ports(unittest.TestCase):
    def test_the_statements_of_each_function_are_its_ports(self):
        stack = deployed()
        for function, name in FUNCTIONS.items():
            with self.subTest(function):
                self.assertEqual(set(stack.statements(f"{name}Policy")) - BESIDES, ports_of(function))

    def test_a_functions_main_names_the_adapters_of_its_ports_and_no_other(self):
        """All functions depend on smart-aws, one crate; what of it each wires is what its ports need, and no crate else knows AWS."""
        for function in FUNCTIONS:
            with self.subTest(function):
                needed = {PORTS[port].of for port in ports_of(function)}
                named = code.adapters_of(function)
                self.assertEqual({of: len(types & named) for of, types in ADAPTERS.items()}, {of: int(of in needed) for of in ADAPTERS})
                self.assertEqual(code.dependencies_of(function) & code.CRATES, {"smart-aws", "smart-core", "smart-web"})
                self.assertTrue(code.is_optional(function, "smart-aws"))  # so that the library knows no AWS

    def test_every_port_is_known_here(self):
        self.assertLessEqual(set().union(*(ports_of(function) for function in FUNCTIONS)), set(PORTS))
        self.assertLessEqual(set(PORTS) | ELSEWHERE, set(code.ports()))

    def test_a_statement_allows_what_its_port_does_and_no_more(self):
        stack = deployed(SigningKeys="A,B")
        keys = ["${SigningKeyA.Arn}", "${SigningKeyB.Arn}"]
        tables = {STATE: "${AuthorizationTable.Arn}", RECORDS: "${RecordsTable.Arn}"}
        for name in FUNCTIONS.values():
            for sid, statement in stack.statements(f"{name}Policy").items():
                if sid in BESIDES:
                    continue
                with self.subTest(name, port=sid):
                    port = PORTS[sid]
                    self.assertEqual(statement["Effect"], "Allow")
                    self.assertEqual(set(listed(statement["Action"])), port.actions)
                    table = tables.get(port.of)
                    indexes = [f"{table}/index/{index}" for index in port.indexes]
                    self.assertEqual(listed(statement["Resource"]), [table, *indexes] if table else keys)
                    kinds = list(every(statement, "dynamodb:LeadingKeys"))
                    patterns = [f"{k}*" for k in port.kinds]
                    for resource_type in port.types:
                        patterns += [f"{resource_type}/*", f"of#*/{resource_type}"]
                    self.assertEqual([listed(k) for k in kinds], [patterns] if patterns else [])

    def test_the_permissions_that_calls_are_held_against_are_the_templates(self):
        """`tests/lambda` holds each call of every flow against this file. SMART_PERMISSIONS=write writes it anew."""
        told = {"written by": "infra/tests/test_ports.py, SMART_PERMISSIONS=write", "functions": permissions()}
        if os.environ.get("SMART_PERMISSIONS") == "write":
            PERMISSIONS.write_text(json.dumps(told, indent=2) + "\n")
        self.assertEqual(json.loads(PERMISSIONS.read_text()), told)

    def test_kinds_of_items_are_those_of_the_code(self):
        paths = sorted((code.ROOT / "shared/aws/src").rglob("*.rs"))
        written = "".join(code.without_comments(path.read_text()) for path in paths)
        prefix = re.search(r'const ID_PREFIX: &str = "(.+)";', code.source("shared/core/src/client/registration.rs"))[1]
        for kind in sorted({kind for port in PORTS.values() for kind in port.kinds}):
            self.assertTrue(f'"{kind.removesuffix(prefix)}' in written, f"no key begins with {kind}")

    def test_a_restored_table_takes_the_place_of_the_own_one_in_every_statement(self):
        stack = deployed(RestoredAuthorizationTable="again", RestoredRecordsTable="records-again")
        resources = [r for name in FUNCTIONS.values() for r in every(stack[f"{name}Policy"], "Resource")]
        named = " ".join(part for r in resources for part in listed(r))
        self.assertNotIn("Table.Arn", named)
        self.assertIn(":table/again ", named + " ")
        self.assertIn(":table/records-again/index/groups", named)
        for name in FUNCTIONS.values():
            variables = stack[f"{name}Function"]["Environment"]["Variables"]
            self.assertIn(variables.get(STATE), (None, "again"))
            self.assertIn(variables.get(RECORDS), (None, "records-again"))

    def test_the_mark_of_a_restored_table_reaches_whoever_reads_it(self):
        stack = deployed(NotBefore="2026-01-31T12:00:00Z")
        for name in FUNCTIONS.values():
            variables = stack[f"{name}Function"]["Environment"]["Variables"]
            self.assertEqual(variables.get(NOT_BEFORE), "2026-01-31T12:00:00Z" if STATE in variables else None)

    def test_a_key_of_ones_own_for_the_tables_may_be_used_through_them_by_whom_they_are_for(self):
        stack = deployed(TableKeyArn="arn:aws:kms:us-east-1:000000000000:key/k")
        for function, name in FUNCTIONS.items():
            with self.subTest(function):
                statement = stack.statements(f"{name}Policy").get("TableEncryption")
                uses_a_table = any(PORTS[port].of != KEY for port in ports_of(function))
                self.assertEqual(statement is not None, uses_a_table)
                if statement:
                    self.assertEqual(statement["Action"], "kms:Decrypt")
                    self.assertEqual(statement["Resource"], "arn:aws:kms:us-east-1:000000000000:key/k")
                    self.assertIn("dynamodb.", statement["Condition"]["StringEquals"]["kms:ViaService"])

    def test_each_function_is_told_what_its_ports_need_and_nothing_else(self):
        stack = deployed()
        for function, name in FUNCTIONS.items():
            with self.subTest(function):
                needed = {PORTS[port].of for port in ports_of(function)} | {"SMART_PUBLIC_URL"}
                if STATE in needed:
                    needed.add(NOT_BEFORE)
                needed |= SIGN_IN if function == "authorize" else set()
                needed |= {REGISTRATION[function]} if function in REGISTRATION else set()
                needed |= {"SMART_EHR_ORIGINS"} if function == "authorize" else set()
                variables = stack[f"{name}Function"]["Environment"]["Variables"]
                self.assertEqual(set(variables), needed)
                self.assertEqual(set(variables), code.variables_of(function))
                expected = {STATE: "${AuthorizationTable}", RECORDS: "${RecordsTable}", KEY: "${SigningKeyA.Arn}", NOT_BEFORE: ""}
                for variable in needed & set(expected):
                    self.assertEqual(variables[variable], expected[variable])

    def test_only_authorize_reads_the_secrets_of_identity_providers_and_only_those(self):
        arns = ["arn:aws:secretsmanager:us-east-1:000000000000:secret:smart/a-AbCdEf", "arn:aws:secretsmanager:us-east-1:000000000000:secret:b-123456"]
        stack = deployed(LoginProviders="[]", LoginLocalUsers="true", LoginSecretArns=arns)
        for name in FUNCTIONS.values():
            statement = stack.statements(f"{name}Policy").get("LoginSecrets")
            self.assertEqual(statement is not None, name == "Authorize")
            if statement:
                self.assertEqual((statement["Action"], statement["Resource"]), ("secretsmanager:GetSecretValue", arns))
            self.assertNotIn("LoginSecrets", deployed().statements(f"{name}Policy"))
        variables = stack["AuthorizeFunction"]["Environment"]["Variables"]
        self.assertEqual([variables[name] for name in sorted(SIGN_IN)], ["true", "[]"])

    def test_programs_register_clients_where_that_is_turned_on_and_write_no_others(self):
        digest = "ab" * 32
        stacks = {"": deployed(), digest: deployed(RegistrationTokenSha256=digest)}
        self.assertIn("Registrations", code.asked_by("functions/token/src/registration.rs"))
        for told, stack in stacks.items():
            for function, name in FUNCTIONS.items():
                with self.subTest(function, told=told):
                    statement = stack.statements(f"{name}Policy").get("Registrations")
                    self.assertEqual(statement is not None, bool(told) and function == "token")
                    variables = stack[f"{name}Function"]["Environment"]["Variables"]
                    expected = {"discovery": "true" if told else "", "token": told}.get(function)
                    self.assertEqual(variables.get(REGISTRATION.get(function)), expected)
        statement = stacks[digest].statements("TokenPolicy")["Registrations"]
        needs = PORTS["Registrations"]
        self.assertEqual(set(listed(statement["Action"])), needs.actions)
        self.assertEqual(statement["Resource"], "${AuthorizationTable.Arn}")
        self.assertEqual(statement["Condition"], {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": f"{needs.kinds[0]}*"}})

    def test_the_authorize_function_alone_is_told_who_may_embed_its_pages(self):
        stack = deployed(EhrOrigins="https://ehr.example.org,https://ward.example.org:8443")
        for function, name in FUNCTIONS.items():
            told = stack[f"{name}Function"]["Environment"]["Variables"].get("SMART_EHR_ORIGINS")
            self.assertEqual(told, "https://ehr.example.org,https://ward.example.org:8443" if function == "authorize" else None)

    def test_no_function_may_do_anything_anywhere(self):
        """X-Ray knows no resources; a key's own policy means itself. Nothing else is a wildcard."""
        for parameters in ({}, {"CloudFront": "true", "SigningKeys": "A,B"}):
            stack = deployed(**parameters)
            for name in stack.of_type("AWS::IAM::Policy"):
                for sid, statement in stack.statements(name).items():
                    with self.subTest(name, sid=sid):
                        self.assertFalse([a for a in listed(statement["Action"]) if "*" in a])
                        wild = [r for r in listed(statement["Resource"]) if "*" in r]
                        self.assertEqual(wild, ["*"] if sid == "Trace" else [])
                        if sid == "Trace":
                            self.assertTrue(all(a.startswith("xray:Put") for a in statement["Action"]))
            for name, role in stack.of_type("AWS::IAM::Role").items():
                self.assertEqual(set(role), {"AssumeRolePolicyDocument"}, f"{name}: policies stand in {name}'s own resource")
                trusted = role["AssumeRolePolicyDocument"]["Statement"]
                self.assertEqual([s["Principal"] for s in trusted], [{"Service": "lambda.amazonaws.com"}])

    def test_only_what_is_traced_may_write_traces(self):
        for mode, statements in (("Active", {"Trace"}), ("PassThrough", set())):
            stack = deployed(CloudFront="true", Tracing=mode)
            for name in [*FUNCTIONS.values(), "Origin"]:
                with self.subTest(name, mode=mode):
                    self.assertEqual(stack[f"{name}Function"]["TracingConfig"], {"Mode": mode})
                    self.assertEqual(set(stack.statements(f"{name}Policy")) & {"Trace"}, statements)

    def test_each_policy_is_its_functions_and_is_there_before_it(self):
        stack = deployed()
        for name in FUNCTIONS.values():
            self.assertEqual(stack[f"{name}Policy"]["Roles"], [f"${{{name}Role}}"])
            self.assertEqual(stack[f"{name}Function"]["Role"], f"${{{name}Role.Arn}}")
            self.assertEqual(listed(stack.resources[f"{name}Function"]["DependsOn"]), [f"{name}Policy"])
            self.assertEqual(stack.statements(f"{name}Policy")["Logs"]["Resource"], f"${{{name}Logs.Arn}}")


if __name__ == "__main__":
    unittest.main()
