"""PostgreSQL and Redis from their wheels, and the care for every program that Maru starts."""
