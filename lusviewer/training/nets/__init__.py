"""The networks, what they are trained by, and their export to ONNX."""
