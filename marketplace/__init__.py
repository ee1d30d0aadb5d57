"""Top floor, the only one that joins consent and tokens: from what an appliance sends to what a buyer reads."""
