"""Runs: a recipe read by the readers that it names, every case scored, everything recorded."""
