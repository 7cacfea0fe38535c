"""The cost page is what the script computes, and counts what the template has."""

import importlib.machinery
import importlib.util
import unittest

from template import INFRA, deployed, written

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
        self.assertEqual(counted["metrics"], len(stack.of_type("AWS::Logs::MetricFilter")))
        self.assertEqual(counted["dashboard"], len(stack.of_type("AWS::CloudWatch::Dashboard")))

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
