"""How tokens begin and end: issued against an invoice, given as thanks, expired by the month."""
