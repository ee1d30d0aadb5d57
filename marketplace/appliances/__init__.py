"""What a home lets in, and what it says.

Pairing with a code, the keys that sign or are carried, appliances and their names, and in `dialects` one pure module
per wire format. What is read here is stored one room up, by `insights`.
"""
