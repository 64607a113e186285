"""Hostile bytes by the hundred thousand: what every reader of foreign bytes must survive, and who makes the bytes.

`python3 dev.py fuzz` runs it; `targets.py` lists what is fuzzed, `engines.py` how, `corpus.py` what it begins with.
"""
