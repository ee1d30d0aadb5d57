"""Where a home, a buyer and tokens meet: matching, asking, deciding, settling, withdrawing, leaving."""
