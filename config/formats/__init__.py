"""How dates are written where Django's own pattern is not how people say it."""
