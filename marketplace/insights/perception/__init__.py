"""Rules that conclude events from readings, and detectors that doubt them. All of it is pure: no clock, no database.

`rules` declares those in force, `doubts` the detectors, `core` folds them over readings, and `seen` has the words they
share. What they remember between two requests, `insights.memories` keeps; `insights.perceiving` calls them.
"""
