"""Prose held against the tables: what a claim speaks of, parts of a whole, counts and money of projects."""
