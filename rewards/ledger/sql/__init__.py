"""The ledger's functions, triggers and grants, one script per migration that runs it."""
