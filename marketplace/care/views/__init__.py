"""Pages that join floors, one module per room of the house they show."""
