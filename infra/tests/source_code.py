"""What the code says of itself: the ports that each function asks for, its routes, and how the tables are made."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def source(path):
    return (ROOT / path).read_text()


def without_comments(text):
    return re.sub(r"(?m)^\s*//.*$", "", text)


def ports():
    """Every port, with those that it includes: `pub trait SignIns: Sessions`."""
    declared = re.findall(r"(?m)^pub trait (\w+): ([^{]+)\{", source("shared/core/src/ports.rs"))
    names = {name for name, _ in declared}
    return {name: names & set(re.findall(r"\w+", bounds)) for name, bounds in declared}


def ports_of(function):
    """The ports in the bounds of a function's `trait Store` and of its `router`, and those that they include."""
    text = without_comments(source(f"functions/{function}/src/lib.rs"))
    store = re.findall(r"(?m)^pub trait Store:\s+([^{]+)\{", text)
    router = re.findall(r"(?m)^pub (?:async )?fn router<([^(]+)>\(", text)
    assert len(router) == 1, f"{function}: one `pub fn router<…>` is expected, found {len(router)}"
    known = ports()
    asked = {name for name in re.findall(r"\w+", " ".join(store + router)) if name in known}
    while more := set().union(*(known[name] for name in asked)) - asked:
        asked |= more
    return asked


def asked_by(path):
    """The ports in the bounds of the `router` of one file: a part of a function that can be left out."""
    (router,) = re.findall(r"(?m)^pub fn router<([^(]+)>\(", without_comments(source(path)))
    return set(re.findall(r"\w+", router)) & set(ports())


def routes_of(function, file="lib.rs"):
    """The paths of a function's Router: the literals in this file that are paths of ours."""
    text = without_comments(source(f"functions/{function}/src/{file}"))
    return set(re.findall(r'"(/(?:fhir|auth|\.well-known|brands\.json)(?:/[^"\s]*)?)"', text))


def optional_routes_of(function):
    """Those that it has only where they are turned on."""
    return routes_of(function, "registration.rs") if function == "token" else set()


def tables():
    """The tables as shared/aws makes them for tests: {"STATE": {"key": …, "time_to_live": …, "indexes": {…}}, …}."""
    text = without_comments(source("shared/aws/src/tables.rs"))
    key = re.search(r'const KEY: &str = "(\w+)"', source("shared/aws/src/item.rs"))[1]
    index = r'const (\w+): Index = Index \{ name: "(\w+)", hash: "(\w+)", range: "(\w+)", whole: (\w+),? \}'
    indexes = {const: (name, hash_, range_, whole == "true") for const, name, hash_, range_, whole in re.findall(index, text)}
    schema = r'const (\w+): Schema = Schema \{ key: [\w:]*KEY, time_to_live: (?:Some\("(\w+)"\)|None), indexes: &\[([\w, ]*)\],? \}'
    found = {
        const: {"key": key, "time_to_live": lives or None, "indexes": {indexes[i] for i in re.findall(r"\w+", used)}}
        for const, lives, used in re.findall(schema, re.sub(r"\s+", " ", text))
    }
    assert set(found) == {"STATE", "RECORDS"}, f"shared/aws/src/tables.rs is not as expected: {found}"
    return found


def variables_of(function):
    """What a function reads at start, as its configuration in shared/aws says."""
    name = "".join(part.title() for part in function.split("-"))
    body = re.search(rf"pub struct {name}Config \{{(.*?)\n\}}", source("shared/aws/src/config.rs"), re.S)[1]
    return set(re.findall(r"/// `(SMART_\w+)`", body))


CRATES = {"smart-aws", "smart-core", "smart-local", "smart-web", "smart-discovery", "smart-authorize", "smart-token", "smart-fhir-read"}


def dependencies_of(function):
    """What a function's package depends on, its tests aside."""
    return set(manifest(function)["dependencies"])


def is_optional(function, crate):
    return manifest(function)["dependencies"][crate].get("optional", False)


def manifest(function):
    return tomllib.loads(source(f"functions/{function}/Cargo.toml"))


def adapters_of(function):
    """The types of smart-aws that a function's main names."""
    text = without_comments(source(f"functions/{function}/src/main.rs"))
    imported = re.findall(r"(?m)^use smart_aws::\{?([\w, ]+)\}?;", text)
    assert imported, f"{function}: what of smart_aws does it use?"
    return set(re.findall(r"\w+", " ".join(imported)))
