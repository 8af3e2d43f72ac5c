"""Results as files: JSON, CSV and NPZ in ``tabular``, a film in ``movie``."""
