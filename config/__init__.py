import gc

from config.celery import app as celery_app

__all__ = ["celery_app"]

# One request makes many thousand small things, and hardly any of them point at each other in a circle. Python looks for
# circles after every 700: that took a tenth of the time of taking in what appliances say.
gc.set_threshold(50_000, 20, 20)
