"""A local Scalekit environment."""
