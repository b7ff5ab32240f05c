"""Work with stores and servers from a terminal."""
