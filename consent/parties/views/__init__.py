from consent.parties.views.keys import ask_for_second_factor

__all__ = ["ask_for_second_factor"]
