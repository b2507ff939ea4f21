"""Benchmarks, each a command: `python -m evals.bench.NAME`. Their figures are in docs/benchmarks.md."""
