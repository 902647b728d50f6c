#!/bin/sh
# /// flexget
# about: |
#   Appends the titles of accepted entries to the file `titles.txt` beside the script.
#
#   ```yaml
#   mock: [ Solaris ]
#   accept_all: yes
#   append_titles: yes
#   ```
# phase: output
# ///
read -r start
while read -r line; do
    title=${line#*\"title\":\"}
    echo "${title%%\"*}" >> titles.txt
done
