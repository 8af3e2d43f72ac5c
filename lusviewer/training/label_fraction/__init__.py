"""Recipe `label-fraction`: how far a start gets with few labels."""
