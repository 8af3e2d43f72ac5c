"""The recipe of the shipped bundle, from rendering to the model card."""
