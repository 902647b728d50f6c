#!/bin/sh
# /// flexget
# about: |
#   Produces an entry for each line of the file `lines.txt` beside the script.
#
#   ```yaml
#   lines: yes
#   accept_all: yes
#   ```
# input: yes
# ///

# What a script writes to stderr is its log, which `-v` shows.
echo "reading lines.txt" >&2
while read -r title; do
    echo "{\"entries\":[{\"title\":\"$title\"}]}"
done < lines.txt
