"""Checks over a plan."""
