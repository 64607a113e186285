"""Is the detector right? Prequential, labels only for scoring, the textbook forest beside it in the same run.

`python -m benchmarks.detection [--quick] [--only PART …]`; what the figures mean and what was tuned on what is told in
`benchmarks/DETECTION.md`. A part is a module with `measure(options)`, listed in `__main__.PARTS`.
"""
