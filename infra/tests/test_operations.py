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
        stack = deployed(LogLevel="WARN")
        for name in FUNCTIONS.values():
            logging = stack[f"{name}Function"]["LoggingConfig"]
            self.assertEqual((logging["LogFormat"], logging["LogGroup"]), ("JSON", f"${{{name}Logs}}"))
            self.assertEqual(logging["ApplicationLogLevel"], "WARN")


class Counts(unittest.TestCase):
    """The counted lines are those that the code writes: `tests/lambda/tests/functions/alarms.rs` has the programs write them."""

    WRITTEN = {
        "RefreshReplayed": ("token", r'target: "audit", event = "revoke",[^;]*why = \?reason', "shared/core/src/grant.rs", r"\bRefreshReplayed,"),
        "CodeReplayed": ("token", r'target: "audit", event = "revoke",[^;]*why = \?reason', "shared/core/src/grant.rs", r"\bCodeReplayed,"),
        "SignerUnavailable": ("token", r'error!\(target: "audit", event, client_id, grant, outcome, %why\)', "shared/aws/src/kms.rs", r'PORT: &str = "signer"'),
        "SecondWriteFailed": ("token", r'target: "audit", alarm, grant', "functions/token/src/grants.rs", r'trail::alarm\('),
        "SignInThrottled": ("authorize", r'target: "audit", event = "sign-in", outcome = "throttled"', "functions/authorize/src/login.rs", "throttled"),
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
        self.assertEqual(set(filters), set(self.WRITTEN))
        for name, (function, line, path, text) in self.WRITTEN.items():
            with self.subTest(name):
                self.assertEqual(filters[name]["LogGroupName"], f"${{{FUNCTIONS[function]}Logs}}")
                self.assertEqual(filters[name]["FilterPattern"], f'{{ ($.target = "audit") && {self.COUNTED[name]} }}')
                sources = "".join(p.read_text() for p in sorted((code.ROOT / f"functions/{function}/src").rglob("*.rs")))
                self.assertRegex(sources, line)
                self.assertRegex(code.source(path), text)

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
