"""Run a pet shop's counter in the terminal."""
