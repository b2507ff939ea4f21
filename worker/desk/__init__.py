"""What people and programs look at: the HTTP API and the pages of the review, served by one process."""
