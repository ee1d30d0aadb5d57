"""What buyers read and erase over the API; every reading goes through the door."""
