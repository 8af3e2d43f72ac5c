"""Teaching the encoder without labels: views, contrast, the loop, what is written."""
