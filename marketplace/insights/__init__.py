"""What appliances noticed, from a reading to a sealed insight.

The way in: `api` or `mqtt` -> `operations.record_insights` -> `normalise` -> `storing` -> `vault`. Beside it the twin
keeps history for the home, and `perceiving` shows the rules of `perception` what is new. `kinds` says what exists.
"""
