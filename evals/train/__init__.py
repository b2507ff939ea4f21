"""How the adapter of the embedded model is made: samples, learning, export, and how exactly it then reads.

`python -m evals.train all` is the whole way; each step is a command of its own. Learning needs the extra `train`.
"""
