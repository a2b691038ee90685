"""The benchmark: this store side by side with what people would otherwise use.

`python -m bench` runs it, `python -m bench --help` explains it, `docs/benchmarks.md` shows a run.
"""
