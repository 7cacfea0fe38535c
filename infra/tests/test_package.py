"""A function's package: its program and, of discovery, the brands."""

import os
import subprocess
import tempfile
import unittest
from pathlib import Path

from template import FUNCTIONS, INFRA


class Package(unittest.TestCase):
    def setUp(self):
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory(prefix="smart-infra-")))
        for function in FUNCTIONS:
            program = self.folder / function / "bootstrap"
            program.parent.mkdir()
            program.write_text(function)
            program.chmod(0o755)
        self.brands = self.folder / "own brands.json"
        self.brands.write_text("{}")

    def packaged(self, name, **variables):
        """What is in the package of a function, by name; or what make said."""
        artifacts = Path(tempfile.mkdtemp(dir=self.folder))
        told = {"BOOTSTRAPS": str(self.folder), "ARTIFACTS_DIR": str(artifacts), "PATH": os.environ["PATH"], **variables}
        made = subprocess.run(["make", "-C", INFRA, f"build-{name}Function"], env=told, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        return {path.name: path.read_text() for path in artifacts.iterdir()} if made.returncode == 0 else made.stderr

    def test_each_function_has_its_own_program(self):
        for function, name in FUNCTIONS.items():
            self.assertEqual(self.packaged(name, BRANDS=""), {"bootstrap": function})

    def test_discovery_alone_has_the_brands(self):
        for function, name in FUNCTIONS.items():
            brands = {"brands.json": "{}"} if function == "discovery" else {}
            self.assertEqual(self.packaged(name, BRANDS=str(self.brands)), {"bootstrap": function, **brands})

    def test_brands_that_are_named_and_not_there_are_no_package(self):
        self.assertIn("nowhere.json", self.packaged("Discovery", BRANDS="/nowhere.json"))


if __name__ == "__main__":
    unittest.main()
