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

    def test_an_idle_service_publishes_no_metric(self):
        """A filter counts nothing where no line is logged, whatever its default is; and each line comes with a request."""
        for metric_filter in deployed().of_type("AWS::Logs::MetricFilter").values():
            self.assertIn(metric_filter["LogGroupName"], [f"${{{name}Logs}}" for name in FUNCTIONS.values()])
        self.assertNotIn("metric", " ".join(costs.idle_costs()))

    def test_memory_is_the_templates_default(self):
        parameters = written()["Parameters"]
        sizes = {parameters["MemorySize"]["Default"], parameters["AuthorizeMemorySize"]["Default"]}
        self.assertEqual({step.megabytes for steps in costs.USES.values() for step in steps}, sizes)

    def test_a_million_reads_add_up(self):
        read = costs.of(costs.USES["FHIR read"])
        self.assertAlmostEqual(read["DynamoDB"], 1.5 * 0.125)
        self.assertAlmostEqual(read["Lambda"], 0.20 + 12_000 * 0.5 * 0.0000166667, places=6)
        self.assertEqual(read["KMS"], 0)


if __name__ == "__main__":
    unittest.main()
