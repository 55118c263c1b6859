"""Settings of the shop. The database is a PostgreSQL, found through the variables that psql uses too."""

import os

from django.core.exceptions import ImproperlyConfigured

if not os.environ.get("PGHOST"):
    raise ImproperlyConfigured(
        "The shop needs a PostgreSQL server: set PGHOST (an address, or the folder of a socket), and where they are not the usual ones "
        "PGPORT, PGUSER and PGPASSWORD."
    )

SECRET_KEY = os.environ.get("SHOP_SECRET_KEY", "only for development")
DEBUG = False
ALLOWED_HOSTS = ["testserver", "localhost"]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "shop.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = ["shop.analytics", "shop.orders"]
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": os.environ.get("SHOP_DATABASE", "shop"),
        "HOST": os.environ["PGHOST"],
        "PORT": os.environ.get("PGPORT", "5432"),
        "USER": os.environ.get("PGUSER", "postgres"),
        "PASSWORD": os.environ.get("PGPASSWORD", ""),
    }
}

# Where visits are kept: the alias of another database once there is one, see shop/analytics/routers.py.
WAREHOUSE = ""
