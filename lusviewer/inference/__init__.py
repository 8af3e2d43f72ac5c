"""Running model bundles: opening them, frames through them, where they looked."""

from typing import TYPE_CHECKING

from lusviewer.parts import on_demand

if TYPE_CHECKING:
    from lusviewer.inference.bundle import ModelBundle, ModelManifest, open_bundle
else:
    __getattr__ = on_demand(
        __name__, bundle=("ModelBundle", "ModelManifest", "open_bundle")
    )

__all__ = ["ModelBundle", "ModelManifest", "open_bundle"]
