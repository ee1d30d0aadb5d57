"""Pages of asks: the inbox of what waits, the history of what was decided."""
