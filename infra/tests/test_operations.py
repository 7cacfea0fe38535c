"""Logs, alarms and the dashboard."""

import json
import re
import unittest

import source_code as code
from template import FUNCTIONS, deployed

# What the access log may say. No path (it names patients), no query, no header, no token's claims.
LOGGED = {"requestId", "requestTime", "routeKey", "status", "responseLatency", "integrationLatency", "responseLength", "protocol",
          "identity.sourceIp", "error.messageString"}


class Logs(unittest.TestCase):
    def test_sec_09_the_access_log_holds_no_query_and_no_path(self):
        (stage,) = deployed().of_type("AWS::ApiGatewayV2::Stage").values()
        settings = stage["AccessLogSettings"]
        self.assertEqual(settings["DestinationArn"], "${AccessLogs.Arn}")
        self.assertNotIn("\n", settings["Format"].strip())
        json.loads(settings["Format"].replace("$context.error.messageString", '"x"'))  # it brings its own quotes
        self.assertEqual(set(re.findall(r"\$context\.([\w.]+)", settings["Format"])), LOGGED)
        self.assertEqual(settings["Format"].count("$"), len(LOGGED))

    def test_every_log_group_forgets_and_may_be_encrypted(self):
        key = "arn:aws:kms:us-east-1:000000000000:key/k"
        groups = deployed(CloudFront="true", LogRetentionDays="30", LogKeyArn=key).of_type("AWS::Logs::LogGroup")
        self.assertEqual(len(groups), 6)
        for name, group in groups.items():
            self.assertEqual(group, {"RetentionInDays": "30", "KmsKeyId": key}, name)
        self.assertTrue(all("KmsKeyId" not in group for group in deployed().of_type("AWS::Logs::LogGroup").values()))

    def test_functions_log_json_to_their_own_group(self):
        stack = deployed(LogLevel="DEBUG")
        for name in FUNCTIONS.values():
            logging = stack[f"{name}Function"]["LoggingConfig"]
            self.assertEqual((logging["LogFormat"], logging["LogGroup"]), ("JSON", f"${{{name}Logs}}"))
            self.assertEqual(logging["ApplicationLogLevel"], "DEBUG")


class Counts(unittest.TestCase):
    """That the functions' own programs write each counted line is proved in `tests/lambda`, which reads the patterns from the template."""

    WRITTEN_BY = {
        "RefreshReplayed": "token",
        "CodeReplayed": "token",
        "SignerUnavailable": "token",
        "SecondWriteFailed": "token",
        "SignInThrottled": "authorize",
    }

    COUNTED = {
        "RefreshReplayed": '($.event = "revoke") && ($.why = "RefreshReplayed")',
        "CodeReplayed": '($.event = "revoke") && ($.why = "CodeReplayed")',
        "SignerUnavailable": '($.why = "signer is unavailable*")',
        "SecondWriteFailed": '($.alarm = "*")',
        "SignInThrottled": '($.event = "sign-in") && ($.outcome = "throttled")',
    }

    def test_each_filter_counts_lines_of_the_function_that_writes_them(self):
        filters = {f["MetricTransformations"][0]["MetricName"]: f for f in deployed().of_type("AWS::Logs::MetricFilter").values()}
        self.assertEqual(set(filters), set(self.WRITTEN_BY))
        for name, function in self.WRITTEN_BY.items():
            with self.subTest(name):
                self.assertEqual(filters[name]["LogGroupName"], f"${{{FUNCTIONS[function]}Logs}}")
                self.assertEqual(filters[name]["FilterPattern"], f'{{ ($.target = "audit") && {self.COUNTED[name]} }}')

    def test_each_is_one_that_a_program_was_made_to_write(self):
        programs = "".join(p.read_text() for p in sorted((code.ROOT / "tests/lambda/tests/functions").glob("*.rs")))
        made = set(re.findall(r'Filter::of\("(\w+)"\)', programs))
        # That would take a table that fails between two writes; the token function's own tests have one.
        self.assertEqual(made | {"SecondWriteFailed"}, set(self.WRITTEN_BY))
        self.assertIn('trail::alarm("code_lost"', code.source("functions/token/src/grants/authorization_code.rs"))
        self.assertIn("grant code_lost", code.source("functions/token/src/tests/audit.rs"))

    def test_the_log_line_is_flat_as_the_filters_expect(self):
        self.assertIn(".json().flatten_event(true)", code.source("shared/web/src/observe.rs"))


class Alarms(unittest.TestCase):
    def test_what_needs_a_human_goes_off(self):
        alarms = deployed().of_type("AWS::CloudWatch::Alarm")
        watched = {(a["Namespace"], a["MetricName"]) for a in alarms.values()}
        ours = "SmartOnLambda/${AWS::StackName}"
        self.assertEqual(watched, {
            ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles"), ("AWS/ApiGateway", "5xx"), ("AWS/ApiGateway", "Latency"),
            (ours, "RefreshReplayed"), (ours, "SignerUnavailable"), (ours, "SecondWriteFailed"),
        })
        for metric in ("Errors", "Throttles"):
            functions = {a["Dimensions"][0]["Value"] for a in alarms.values() if a["MetricName"] == metric}
            self.assertEqual(functions, {f"${{{name}Function}}" for name in FUNCTIONS.values()})
        (latency,) = [a for a in alarms.values() if a["MetricName"] == "Latency"]
        self.assertEqual((latency["ExtendedStatistic"], latency["Threshold"]), ("p99", 2000))

    def test_an_alarm_on_our_own_metric_watches_one_that_is_counted(self):
        stack = deployed()
        counted = {(t["MetricNamespace"], t["MetricName"]) for f in stack.of_type("AWS::Logs::MetricFilter").values() for t in f["MetricTransformations"]}
        for name, alarm in stack.of_type("AWS::CloudWatch::Alarm").items():
            if not alarm["Namespace"].startswith("AWS/"):
                self.assertIn((alarm["Namespace"], alarm["MetricName"]), counted, name)

    def test_alarms_go_to_the_topic_where_there_is_one(self):
        topic = "arn:aws:sns:us-east-1:000000000000:t"
        for alarm in deployed(AlarmTopicArn=topic).of_type("AWS::CloudWatch::Alarm").values():
            self.assertEqual(alarm["AlarmActions"], [topic])
            self.assertEqual(alarm["TreatMissingData"], "notBreaching")
        self.assertTrue(all("AlarmActions" not in a for a in deployed().of_type("AWS::CloudWatch::Alarm").values()))

    def test_the_dashboard_is_json_and_shows_the_tables_in_use(self):
        for parameters, table in ({}, "${AuthorizationTable}"), ({"RestoredAuthorizationTable": "again"}, "again"):
            (dashboard,) = deployed(**parameters).of_type("AWS::CloudWatch::Dashboard").values()
            widgets = json.loads(dashboard["DashboardBody"])["widgets"]
            metrics = [metric for widget in widgets for metric in widget["properties"]["metrics"]]
            self.assertIn(table, [metric[3] for metric in metrics if metric[0] == "AWS/DynamoDB"])
            for name in FUNCTIONS.values():
                self.assertIn(f"${{{name}Function}}", [metric[3] for metric in metrics if metric[0] == "AWS/Lambda"])


if __name__ == "__main__":
    unittest.main()
