"""Where the error is: what fails together, the least change that would close it, the values that would, and why."""
