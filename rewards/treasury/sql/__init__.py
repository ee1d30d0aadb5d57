"""The treasury's functions, one script per migration that runs it."""
