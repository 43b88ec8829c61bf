"""What sets the project up, trains it, starts it and stops it; used by the Makefile."""
