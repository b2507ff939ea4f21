"""Runs as one page: figures with their intervals, charts, differences, and every metric down to the failing cell."""
