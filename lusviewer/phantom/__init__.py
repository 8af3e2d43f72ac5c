"""The lung-ultrasound simulator: a described scene becomes frames, labels and truth.

``render(random_scene(rng), n_frames)`` is all most callers need.
"""

from lusviewer.phantom.chance import random_scene
from lusviewer.phantom.render import PhantomClip, render
from lusviewer.phantom.scene import Scene, Wanted

__all__ = ["PhantomClip", "Scene", "Wanted", "random_scene", "render"]
