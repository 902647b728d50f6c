"""Runs FlexGet against a simulated Trakt instead of the real one.

FlexGet has its addresses in its source; this sets them to the simulator's before it starts.
It takes FlexGet's own arguments. FLEXGET_TRAKT_API_URL, FLEXGET_TRAKT_AUTH_URL and
FLEXGET_TRAKT_CLIENT_ID name the simulator, as they do for flexget-rs.
"""

import functools
import os
import sys

import flexget
from flexget.components.trakt import db

API = os.environ["FLEXGET_TRAKT_API_URL"].rstrip("/") + "/"
AUTH = os.environ["FLEXGET_TRAKT_AUTH_URL"].rstrip("/") + "/"


def url(*endpoint):
    if len(endpoint) == 1 and not isinstance(endpoint[0], str):
        endpoint = tuple(endpoint[0])
    path = "/".join(str(part) for part in endpoint)
    return (AUTH if path.startswith("oauth/") else API) + path


def as_json(post, address, data=None, **options):
    """The simulator takes JSON only, as Trakt's contract has it; FlexGet sends forms for tokens."""
    return post(address, json=data, **options) if data else post(address, **options)


db.API_URL = API
db.CLIENT_ID = os.environ["FLEXGET_TRAKT_CLIENT_ID"]
db.CLIENT_SECRET = os.environ["FLEXGET_TRAKT_CLIENT_SECRET"]
db.get_api_url = url
db.requests.post = functools.partial(as_json, db.requests.post)

if __name__ == "__main__":
    sys.exit(flexget.main(sys.argv[1:]))
