"""Calibration: what evidence is worth, from documents whose truth is known, and from where on it can be trusted."""
