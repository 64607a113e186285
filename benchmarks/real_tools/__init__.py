"""Attacks by real tools in a network of our own, judged after everyday traffic of the same network."""
