"""A viewer for point-of-care lung ultrasound that explains what its models see."""

__version__ = "0.1.0"
