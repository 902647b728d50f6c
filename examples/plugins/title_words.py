#!/usr/bin/env python3
# /// flexget
# about: |
#   Offers the number of words in a title as `title_words`.
#
#   ```yaml
#   mock: [ Solaris, "The Good, the Bad and the Ugly" ]
#   title_words: yes
#   if: [ { title_words > 3: reject } ]
#   accept_all: yes
#   ```
# offers: [title_words]
# ///
import json, sys

sys.stdin.readline()
for line in sys.stdin:
    entry = json.loads(line)
    words = len(entry["fields"]["title"].split())
    print(json.dumps({"set": entry["id"], "fields": {"title_words": words}}))
