"""The template as CloudFormation gets it: transformed by SAM's own translator, and resolved for given parameters.

What is left to AWS stays readable: `${TokenRole.Arn}` is what `!GetAtt TokenRole.Arn` will be.
"""

import copy
import functools
import os
from pathlib import Path

from samcli.yamlhelper import yaml_parse
from samtranslator.translator.transform import transform

INFRA = Path(__file__).resolve().parent.parent
FUNCTIONS = {"discovery": "Discovery", "authorize": "Authorize", "token": "Token", "fhir-read": "FhirRead"}
NOTHING = object()

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")  # the translator asks for one


@functools.cache
def written(name="template.yaml"):
    """The file as it stands."""
    return yaml_parse((INFRA / name).read_text())


@functools.cache
def transformed():
    """The file with SAM's resources made plain ones."""
    source = copy.deepcopy(written())
    source["Globals"]["Function"]["CodeUri"] = "s3://bucket/program.zip"  # as `sam package` leaves it
    defaults = {name: parameter.get("Default") for name, parameter in source["Parameters"].items()}
    return transform(source, defaults, NoManagedPolicies())


class NoManagedPolicies:
    """The functions bring their own roles."""

    def load(self):
        return {}


def deployed(**parameters):
    """The stack for these parameters, the others at their defaults: its resources and outputs."""
    return Stack(transformed(), parameters)


class Stack:
    def __init__(self, template, parameters):
        unknown = set(parameters) - set(template["Parameters"])
        assert not unknown, f"no such parameters: {unknown}"
        self._conditions = template["Conditions"]
        self._parameters = {name: parameters.get(name, p.get("Default")) for name, p in template["Parameters"].items()}
        self.resources = self._present(template["Resources"])
        self.outputs = {name: output["Value"] for name, output in self._present(template["Outputs"]).items()}

    def of_type(self, kind):
        return {name: r["Properties"] for name, r in self.resources.items() if r["Type"] == kind}

    def __getitem__(self, name):
        return self.resources[name]["Properties"]

    def statements(self, policy):
        """The statements of a policy, by Sid."""
        found = {statement["Sid"]: statement for statement in self[policy]["PolicyDocument"]["Statement"]}
        assert len(found) == len(self[policy]["PolicyDocument"]["Statement"]), f"{policy}: a Sid stands twice"
        return found

    def _present(self, section):
        return {
            name: self._resolved(entry)
            for name, entry in section.items()
            if "Condition" not in entry or self._holds(entry["Condition"])
        }

    def _holds(self, condition):
        if isinstance(condition, str):
            return self._holds(self._conditions[condition])
        (how, what), = condition.items()
        match how:
            case "Condition":
                return self._holds(what)
            case "Fn::Not":
                return not self._holds(what[0])
            case "Fn::And":
                return all(self._holds(part) for part in what)
            case "Fn::Or":
                return any(self._holds(part) for part in what)
            case "Fn::Equals":
                left, right = (str(self._resolved(side)) for side in what)
                return left == right
        raise AssertionError(f"what is {how}?")

    def _resolved(self, value):
        if isinstance(value, list):
            parts = [self._resolved(part) for part in value]
            return [part for part in parts if part is not NOTHING]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (how, what), = value.items()
            match how:
                case "Ref":
                    return NOTHING if what == "AWS::NoValue" else self._parameters.get(what, f"${{{what}}}")
                case "Fn::Join":
                    return what[0].join(listed(self._resolved(what[1])))
                case "Fn::GetAtt":
                    return f"${{{what if isinstance(what, str) else '.'.join(what)}}}"
                case "Fn::If":
                    condition, then, otherwise = what
                    return self._resolved(then if self._holds(condition) else otherwise)
                case "Fn::Sub":
                    return self._substituted(what)
        resolved = {key: self._resolved(part) for key, part in value.items() if key != "Condition" or not isinstance(part, str)}
        return {key: part for key, part in resolved.items() if part is not NOTHING}

    def _substituted(self, what):
        text, given = (what, {}) if isinstance(what, str) else what
        for name, value in {**self._parameters, **{n: self._resolved(v) for n, v in given.items()}}.items():
            text = text.replace(f"${{{name}}}", str(value))
        return text


def every(value, key):
    """Every value under `key`, however deep."""
    if isinstance(value, list):
        for part in value:
            yield from every(part, key)
    elif isinstance(value, dict):
        for name, part in value.items():
            if name == key:
                yield part
            yield from every(part, key)


def listed(value):
    """IAM's `x` or `[x, y]`, as a list."""
    return value if isinstance(value, list) else [value]
