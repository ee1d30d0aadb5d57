"""People, households, organisations and the keys of their machines; the roles in the database and the audit trail."""
