"""Superset for one person on one machine: SQLite, loopback, nothing kept in a cache.

SUPERSET_HOME and SUPERSET_SECRET_KEY come from serve.py, which makes them.
"""

import os

SECRET_KEY = os.environ["SUPERSET_SECRET_KEY"]
SQLALCHEMY_DATABASE_URI = f"sqlite:///{os.environ['SUPERSET_HOME']}/superset.db"
# Superset takes DuckDB files for unsafe: whoever may add one may read any file of the
# server. Here that is the person who started it.
PREVENT_UNSAFE_DB_CONNECTIONS = False
# A cache would go on showing the release before.
DATA_CACHE_CONFIG = {"CACHE_TYPE": "NullCache"}
# Nobody is told: Superset's pages have a pixel of a counting service, which its own
# policy lets through. This one lets a page ask this server alone.
TALISMAN_CONFIG = {
    "content_security_policy": {
        "base-uri": ["'self'"],
        "default-src": ["'self'"],
        "img-src": ["'self'", "blob:", "data:"],
        "worker-src": ["'self'", "blob:"],
        "object-src": "'none'",
        "style-src": ["'self'", "'unsafe-inline'"],
        "script-src": ["'self'", "'strict-dynamic'"],
    },
    "content_security_policy_nonce_in": ["script-src"],
    # Browsers on this machine speak http.
    "force_https": False,
    "session_cookie_secure": False,
}
