"""The cost page is what the script computes, and counts what the template has."""

import importlib.machinery
import importlib.util
import re
import unittest

import source_code as code
from template import FUNCTIONS, INFRA, deployed, written

loader = importlib.machinery.SourceFileLoader("costs", str(INFRA / "costs"))
costs = importlib.util.module_from_spec(importlib.util.spec_from_loader("costs", loader))
loader.exec_module(costs)


class Costs(unittest.TestCase):
    def test_the_page_is_what_the_script_says(self):
        self.assertEqual(costs.PAGE.read_text(), costs.page())

    def test_idle_costs_are_those_of_the_template(self):
        stack = deployed()
        counted = {name.split()[1]: int(name.split()[0]) for name in costs.idle_costs()}
        self.assertEqual(counted["signing"], len(stack.of_type("AWS::KMS::Key")))
        self.assertEqual(counted["alarms"], len(stack.of_type("AWS::CloudWatch::Alarm")))
        self.assertEqual(counted["dashboard"], len(stack.of_type("AWS::CloudWatch::Dashboard")))

    def test_metrics_are_those_that_are_published(self):
        self.assertEqual(costs.COUNTED, len(deployed().of_type("AWS::Logs::MetricFilter")))
        self.assertEqual(costs.FUNCTIONS, len(FUNCTIONS))
        source = code.source("shared/web/src/observe/metrics.rs")
        for constant, count in ("ALWAYS", costs.EMBEDDED), ("EVENTS", costs.HAPPENING):
            self.assertEqual(int(re.search(rf"const {constant}: \[.*; (\d+)\]", source)[1]), count)

    def test_the_readme_says_what_an_idle_month_costs(self):
        said = re.findall(r"\$(\d+\.\d\d)", (INFRA.parent / "README.md").read_text())
        self.assertEqual(said, [f"{costs.least_idle_cost():.2f}", f"{sum(costs.idle_costs().values()):.2f}"])

    def test_an_idle_service_publishes_no_metric(self):
        """A filter counts nothing where no line is logged, whatever its default is; and each line comes with a request."""
        for metric_filter in deployed().of_type("AWS::Logs::MetricFilter").values():
            self.assertIn(metric_filter["LogGroupName"], [f"${{{name}Logs}}" for name in FUNCTIONS.values()])
        self.assertNotIn("metric", " ".join(costs.idle_costs()))

    def test_rules_are_those_of_the_web_acl(self):
        acl = written("waf.yaml")["Resources"]
        (rules,) = [r["Properties"]["Rules"] for r in acl.values() if r["Type"] == "AWS::WAFv2::WebACL"]
        self.assertEqual(costs.RULES, len(rules))

    def test_memory_is_the_templates_default(self):
        parameters, resources = written()["Parameters"], written()["Resources"]
        everywhere = written()["Globals"]["Function"]["MemorySize"]
        for name, resource in FUNCTIONS.items():
            size = resources[f"{resource}Function"]["Properties"].get("MemorySize", everywhere)
            self.assertEqual(costs.MEMORY[name], parameters[size["Ref"]]["Default"], name)

    def test_each_function_is_traced(self):
        self.assertEqual(written()["Parameters"]["Tracing"]["Default"], "Active")

    def test_each_price_is_on_the_page_with_where_it_was_read(self):
        prices = [value for value in vars(costs).values() if isinstance(value, costs.Price)]
        self.assertEqual(prices, costs.PRICES)
        rows = [line for line in costs.page().split("## Prices")[1].splitlines() if line.startswith("| ")][1:]
        self.assertEqual(len(rows), len(prices))
        for price, row in zip(prices, rows):
            self.assertTrue(row.startswith(f"| {price.what} |"), row)
            self.assertIn(price.source or "**remembered**", row)
            self.assertAlmostEqual(float(row.split("|")[2]), price.dollars, places=10)

    def test_each_use_is_of_steps_that_are_measured(self):
        for name, steps in costs.USES.items():
            for step in steps:
                self.assertIn(step.name, costs.STEPS, name)
        for table in costs.Assumed.SLOW, costs.Assumed.LONG:
            self.assertLessEqual(set(table), set(costs.STEPS))
        self.assertEqual({step["function"] for step in costs.STEPS.values()}, set(costs.MEMORY))

    def test_a_million_refreshes_add_up(self):
        """By hand: a refresh writes its grant, reads client and user, and signs twice."""
        step = costs.STEPS["refresh"]
        self.assertEqual((step["dynamodb"], step["kms"]), ({"GetItem": 2, "UpdateItem": 1}, {"Sign": 2}))
        refresh = costs.of(costs.USES["refresh, with an ID token"])
        self.assertAlmostEqual(refresh["DynamoDB"], step["write_units"] * 0.625 + step["read_units"] * 0.125)
        self.assertAlmostEqual(refresh["Lambda"], 0.20 + 60_000 * 0.5 * 0.0000166667, places=6)
        self.assertAlmostEqual(refresh["KMS"], 6.00)
        self.assertAlmostEqual(costs.all_traced(costs.USES["refresh, with an ID token"]), sum(refresh.values()) - 0.25 + 5.00)


if __name__ == "__main__":
    unittest.main()
