"""Running model bundles: opening them, frames through them, where they looked."""

from lusviewer.inference.bundle import ModelBundle, ModelManifest, open_bundle

__all__ = ["ModelBundle", "ModelManifest", "open_bundle"]
