"""Two runs over the same documents: compared in full, or against a small file that remembers one."""
