"""Makes a study library of labelled and analysed clips in a new folder, for smoke.

The clips are the tests' own: 12 patients with 3 each, whose severity can be learned.
"""

import sys
from pathlib import Path

from lusviewer.findings import ModelIdentity
from lusviewer.inference.bundle import read_model_manifest
from tests.unit.local.conftest import fill

ROOT = Path(__file__).resolve().parent.parent

folder = Path(sys.argv[1])
folder.mkdir()
manifest, sha256 = read_model_manifest(ROOT / "models" / "lus-lite")
fill(folder / "library", ModelIdentity(manifest.name, manifest.version, sha256, ""))
