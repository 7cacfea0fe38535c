"""README.md's table of the functions' variables is what the code reads: none missing, none too many, each example one that a test reads."""

import re
import unittest

import source_code as code
from template import FUNCTIONS, INFRA, deployed


def rows():
    """The table: {variable: (functions, default, example)}."""
    text = (INFRA / "README.md").read_text()
    found = re.findall(r"(?m)^\| `(SMART_\w+)` \| ([^|]+) \| [^|]+ \| ([^|]+) \| `([^|]+)` \|$", text)
    assert len(found) == len({name for name, *_ in found}) == text.count("\n| `SMART_"), "a row that cannot be read, or one twice"
    return {name: (set(FUNCTIONS) if functions == "all" else set(functions.split(", ")), default, example) for name, functions, default, example in found}


def parts(path):
    """A file of code: what it does, and its tests."""
    does, _, tests = code.source(path).partition("#[cfg(test)]")
    return code.without_comments(does), tests


CONFIG, CONFIG_TESTS = parts("shared/aws/src/config.rs")
LAMBDA, LAMBDA_TESTS = parts("shared/web/src/lambda.rs")


class Variables(unittest.TestCase):
    def test_the_table_names_what_is_read_and_nothing_else(self):
        self.assertEqual(set(rows()), set(re.findall(r'"(SMART_\w+)"', CONFIG + LAMBDA)))

    def test_nothing_else_of_a_function_reads_a_variable(self):
        """So that the two files above are all of it."""
        files = [path for folder in ("shared", "functions") for path in (code.ROOT / folder).glob("*/src/**/*.rs")]
        self.assertGreater(len(files), 100)
        named = {str(path.relative_to(code.ROOT)) for path in files if '"SMART_' in code.without_comments(path.read_text()).partition("#[cfg(test)]")[0]}
        self.assertEqual(named, {"shared/aws/src/config.rs", "shared/web/src/lambda.rs"})

    def test_each_function_is_named_beside_what_it_reads(self):
        everywhere = set(re.findall(r'"(SMART_\w+)"', LAMBDA))
        for function in FUNCTIONS:
            with self.subTest(function):
                self.assertEqual({name for name, (functions, *_) in rows().items() if function in functions}, code.variables_of(function) | everywhere)
                self.assertIn("Config::from_environment()", code.source(f"functions/{function}/src/main.rs"))

    def test_it_is_what_the_template_says(self):
        stack = deployed(CloudFront="true")
        for function, name in FUNCTIONS.items():
            with self.subTest(function):
                told = stack[f"{name}Function"]["Environment"]["Variables"]
                self.assertEqual({variable for variable, (functions, *_) in rows().items() if function in functions}, set(told))

    def test_what_is_required_is_what_the_code_misses(self):
        """`ALL` is what the code's own test proves to be missed when it is not there."""
        required = set(re.findall(r'\("(SMART_\w+)"', re.search(r"const ALL: .*?\];", CONFIG_TESTS, re.S)[0]))
        self.assertEqual({name for name, (_, default, _) in rows().items() if default == "required"}, required)

    def test_each_example_is_one_that_a_test_of_the_code_reads(self):
        tests = CONFIG_TESTS + LAMBDA_TESTS + code.source("shared/core/src/external/tests.rs")
        for name, (_, _, example) in rows().items():
            self.assertTrue(f'"{example}"' in tests, f"{name}: {example}")

    def test_what_is_read_besides_is_named_too(self):
        page = (INFRA / "README.md").read_text()
        read = re.findall(r'variable\("(AWS_\w+)"\)', parts("shared/aws/src/sdk.rs")[0] + LAMBDA)
        self.assertGreaterEqual(len(read), 2)
        for name in read:
            self.assertIn(f"`{name}`", page)


if __name__ == "__main__":
    unittest.main()
