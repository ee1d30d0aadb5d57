import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
application = get_wsgi_application()
# Every address is read now: otherwise the first requests of each worker wait for all rooms to be imported.
get_resolver().url_patterns  # noqa: B018 - reading them loads them
