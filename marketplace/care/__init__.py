"""What people see of the whole house: pages that join rooms, the clock, and the cast and story of the demo."""
