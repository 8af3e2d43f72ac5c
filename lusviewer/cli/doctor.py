"""``lusviewer doctor``: whether everything the app needs works here."""

from __future__ import annotations

import ctypes
import json
import os
import platform
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import psutil

from lusviewer import __version__, paths
from lusviewer.cancel import CancelToken
from lusviewer.errors import LusViewerError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

_PACKAGES: Final = (
    "numpy",
    "opencv-python-headless",
    "onnxruntime",
    "pydicom",
    "av",
    "PySide6_Essentials",
    "pyqtgraph",
    "SQLAlchemy",
)
_DECODERS: Final = {
    "JPEG": "simplejpeg",
    "JPEG-LS": "jpeg_ls",
    "JPEG 2000": "openjpeg",
    "RLE": "rle",
    "JPEG lossless": "gdcm",
}
_LEAST_BYTES: Final = 700 * 2**20
"""Free memory below which a clip of usual size may not be analysed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at: whether it works, what was found and what to do."""

    name: str
    works: bool
    found: str
    hint: str = ""


def run(arguments: argparse.Namespace) -> int:
    """Look at everything; 0 where the app works, 1 where it would not."""
    folder = arguments.model or paths.default_bundle()
    checks = [
        _python(),
        _packages(),
        _decoders(),
        *_providers(),
        _model(folder, arguments.device),
        _sample(),
        _window(),
        *_folders(),
        _memory(),
        _training(),
    ]
    works = all(check.works for check in checks)
    if arguments.json:
        content = {"works": works, "checks": [asdict(check) for check in checks]}
        print(json.dumps(content, indent=2))
    else:
        for check in checks:
            mark = "ok  " if check.works else "FAIL"
            print(f"{mark} {check.name}: {check.found}")
            if check.hint:
                print(f"     {check.hint}")
    return 0 if works else 1


def _python() -> Check:
    frozen = ", packaged" if getattr(sys, "frozen", False) else ""
    found = (
        f"lusviewer {__version__}, Python {platform.python_version()}{frozen}, "
        f"{platform.platform()}, {os.cpu_count()} processors"
    )
    return Check("program", sys.version_info >= (3, 11), found)


def _packages() -> Check:
    found, missing = [], []
    for name in _PACKAGES:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            missing.append(name)
    hint = f"Missing: {', '.join(missing)}. Install lusviewer again." if missing else ""
    return Check("packages", not missing, ", ".join(found), hint)


def _decoders() -> Check:
    missing = [kind for kind, module in _DECODERS.items() if find_spec(module) is None]
    found = ", ".join(kind for kind in _DECODERS if kind not in missing)
    hint = f"These cannot be read: {', '.join(missing)}." if missing else ""
    return Check("decoders", not missing, found, hint)


def _providers() -> list[Check]:
    from lusviewer.inference.session import providers  # noqa: PLC0415 - may not load

    try:
        known = providers()
    except Exception as error:  # noqa: BLE001 - whatever keeps the library from loading
        return [Check("onnxruntime", works=False, found=f"does not load: {error}")]
    return [
        Check(f"device {p.device}", works=True, found=_available(p.available, p.why))
        for p in known
    ]


def _available(available: bool, why: str) -> str:  # noqa: FBT001 - one line's wording
    return "available" if available else f"not available. {why}"


def _model(folder: Path, device: str) -> Check:
    """Open the bundle on ``device`` and run it once."""
    from lusviewer.experts import load_experts  # noqa: PLC0415 - may not load
    from lusviewer.inference import open_bundle  # noqa: PLC0415 - may not load

    try:
        bundle = open_bundle(folder, device=device)
        experts = load_experts(folder / "experts")
    except LusViewerError as error:
        return Check("model", works=False, found=error.message, hint=error.hint)
    except Exception as error:  # noqa: BLE001 - whatever keeps the library from loading
        return Check("model", works=False, found=f"{type(error).__name__}: {error}")
    identity, got = bundle.identity, bundle.frame.device
    found = (
        f"{identity.name} {identity.version} with {len(experts)} experts; "
        f"asked for {got.asked}, runs on {got.got}"
    )
    return Check("model", works=True, found=found, hint=got.why)


def _sample() -> Check:
    """Open the sample that ships and decode its first frame."""
    from lusviewer.io import open_clip  # noqa: PLC0415 - may not load

    samples = sorted((paths.resources() / "samples").glob("*.dcm"))
    if not samples:
        return Check("sample", works=False, found="no sample clip was installed")
    try:
        clip = open_clip(samples[0])
        try:
            clip.frame(0)
            clip.locate(CancelToken())
        finally:
            clip.close()
    except LusViewerError as error:
        return Check("sample", works=False, found=error.message, hint=error.hint)
    return Check("sample", works=True, found=f"{samples[0].name}, {len(clip)} frames")


def _window() -> Check:
    """Load Qt's platform plugin as Qt would, without Qt."""
    asked = os.environ.get("QT_QPA_PLATFORM", "").split(";")[0].split(":")[0]
    screen = asked or _screen()
    spec = find_spec("PySide6")
    if spec is None or spec.origin is None:
        hint = "Install lusviewer again."
        return Check("window", works=False, found="PySide6 is not installed", hint=hint)
    plugin = _plugin(Path(spec.origin).parent, screen or "offscreen")
    try:
        if plugin is not None:
            ctypes.CDLL(str(plugin))
    except OSError as error:
        hint = "Install Qt's system libraries; the README lists them."
        return Check("window", works=False, found=f"Qt {screen}: {error}", hint=hint)
    if not screen:
        found = "there is no screen; pictures of the window can be made offscreen"
        return Check("window", works=True, found=found)
    return Check("window", works=True, found=f"Qt on {screen}")


def _screen() -> str:
    """Return the Qt platform a window would open on, "" where there is no screen."""
    if sys.platform in ("win32", "darwin"):
        return {"win32": "windows", "darwin": "cocoa"}[sys.platform]
    if os.environ.get("WAYLAND_DISPLAY"):
        return "wayland"
    return "xcb" if os.environ.get("DISPLAY") else ""


def _plugin(package: Path, screen: str) -> Path | None:
    """Return the file of a platform plugin; None where Qt is laid out otherwise."""
    pattern = f"*q{screen}*"
    for folder in (package / "Qt" / "plugins", package / "plugins"):
        found = sorted((folder / "platforms").glob(pattern))
        if found:
            return found[0]
    return None


def _folders() -> list[Check]:
    folders: dict[str, Callable[[], Path]] = {
        "data folder": paths.user_data,
        "log folder": paths.user_logs,
        "cache folder": paths.user_cache,
    }
    return [_writable(name, folder()) for name, folder in folders.items()]


def _writable(name: str, folder: Path) -> Check:
    existing = next(p for p in (folder, *folder.parents) if p.exists())
    if os.access(existing, os.W_OK):
        return Check(name, works=True, found=str(folder))
    hint = f"{existing} may not be written to: change its rights or its owner."
    return Check(name, works=False, found=str(folder), hint=hint)


def _memory() -> Check:
    free = psutil.virtual_memory().available
    enough = free >= _LEAST_BYTES
    hint = "" if enough else "Close other programs before analysing."
    return Check("memory", enough, f"{free / 2**30:.1f} GiB free", hint)


def _training() -> Check:
    if find_spec("torch") is None:
        hint = "Only training needs it: pip install 'lusviewer[training]'."
        return Check("training", works=True, found="torch is not installed", hint=hint)
    return Check("training", works=True, found=f"torch {version('torch')}")
