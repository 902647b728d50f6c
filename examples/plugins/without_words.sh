#!/bin/sh
# /// flexget
# about: |
#   Rejects entries whose titles have a word that marks a bad recording.
#
#   ```yaml
#   mock: [ Solaris, Solaris CAM ]
#   without_words: yes
#   accept_all: yes
#   ```
# phase: filter
# priority: 200
# ///

# The first line says what to do; then there is one line for each entry.
read -r start
while read -r line; do
    id=${line#*\"id\":}
    id=${id%%,*}
    title=${line#*\"title\":\"}
    title=${title%%\"*}
    case " $title " in
        *" CAM "* | *" TS "*) echo "{\"reject\":$id,\"reason\":\"a bad recording\"}" ;;
    esac
done
