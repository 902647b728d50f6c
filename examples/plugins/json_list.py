#!/usr/bin/env python3
# /// flexget
# about: |
#   A list of movies in a JSON file, which is beside the script.
#
#   ```yaml
#   mock: [ { title: Solaris, imdb_id: tt0069293 } ]
#   accept_all: yes
#   list_add: [ { json_list: { file: films.json } } ]
#   ```
# list: { ids: [imdb_id], listed_at: added }
# options:
#   type: object
#   required: [file]
#   properties:
#     file: { type: string, description: Name of the file. }
# ///
import json, os, sys
from datetime import datetime, timezone

start = json.loads(sys.stdin.readline())
path = start["options"]["file"]
items = json.load(open(path)) if os.path.exists(path) else []

if start["do"] == "items":
    print(json.dumps({"items": items[: start.get("limit")]}))
else:
    outcomes = []
    for fields in (json.loads(line)["fields"] for line in sys.stdin):
        there = [item for item in items if item["imdb_id"] == fields.get("imdb_id")]
        is_add = start["do"] == "add"
        outcomes.append("unchanged" if bool(there) == is_add else "done")
        if is_add and not there:
            # An undo adds an item with the date that it had.
            items.append({"added": {"$time": datetime.now(timezone.utc).isoformat()}, **fields})
        elif not is_add:
            items = [item for item in items if item not in there]
    json.dump(items, open(path, "w"))
    print(json.dumps({"outcomes": outcomes}))
