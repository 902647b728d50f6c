#!/usr/bin/env python3
# /// flexget
# about: |
#   Sets `filmbox_rating` from a service, which is asked through flexget-rs with an account of it.
#
#   The account is stored with `flexget-rs` and named here: the script never sees its key.
#
#   ```yaml
#   mock: [ { title: Solaris, imdb_id: tt0069293 } ]
#   filmbox_rating: { account: me }
#   ```
# phase: metainfo
# asks: [fields, http]
# service: { name: filmbox, url: "https://api.filmbox.example", requests_per_minute: 60 }
# options:
#   type: object
#   required: [account]
#   properties:
#     account: { type: string, description: Account of the service. }
# ///
import json, sys


def ask(message):
    print(json.dumps(message), flush=True)


start = json.loads(sys.stdin.readline())
entries = [json.loads(sys.stdin.readline()) for _ in range(start["entries"])]
ask({"need": ["imdb_id"]})
entries = [json.loads(sys.stdin.readline()) for _ in entries]
for entry in entries:
    imdb_id = entry["fields"].get("imdb_id")
    if imdb_id:
        ask({"http": {"url": f"/films/{imdb_id}", "account": start["options"]["account"]}})
        answer = json.loads(sys.stdin.readline())["http"]
        if answer.get("status") == 200:
            ask({"set": entry["id"], "fields": {"filmbox_rating": answer["json"]["rating"]}})
        else:
            ask({"warn": f"no rating of {imdb_id}: {answer.get('error') or answer['status']}"})
