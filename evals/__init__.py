"""How good it is: corpus, gold, metrics and reports."""
