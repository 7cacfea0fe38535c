"""The tools that read and deploy the template, at the versions that infra/requirements pins."""

import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

INFRA = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", INFRA.parent / "target")).resolve() / "infra"


def tools(name):
    """The bin folder of an environment with the pinned packages of requirements/NAME.txt, installed again only when those change."""
    pins = INFRA / f"requirements/{name}.txt"
    folder = TARGET / name
    stamp, wanted = folder / "stamp", hashlib.sha256(pins.read_bytes() + sys.version.encode()).hexdigest()
    if not stamp.is_file() or stamp.read_text() != wanted:
        print(f"  installing {name} into {folder}", flush=True)
        venv.create(folder, with_pip=True, clear=True)
        subprocess.run([folder / "bin/python", "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--requirement", pins], check=True)
        stamp.write_text(wanted)
    return folder / "bin"
