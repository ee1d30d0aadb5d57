"""How a home sees its appliances: by name, in words, in charts. Only members of the home ever get here."""
