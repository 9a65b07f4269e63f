# The independent oracle of recurrence: dateutil makes naive local times, and the rules of RFC 5545 for clocks that jump are
# applied to them here. Reads {"rules": [...], "zones": [...]} and writes, for each rule and zone, the instants in seconds.
import json
import sys
from datetime import datetime, timezone

from dateutil import tz
from dateutil.rrule import rrulestr

asked = json.load(sys.stdin)
zones = [(name, tz.gettz(name)) for name in asked["zones"]]
if any(zone is None for _, zone in zones):
    sys.exit("a zone is not known here")
answer = []
for rule in asked["rules"]:
    start = datetime.fromisoformat(rule["start"])
    until = datetime.fromisoformat(rule["until"])
    # More than are counted: those that a zone skips do not count.
    naive = []
    for at in rrulestr(rule["body"], dtstart=start):
        if at > until or len(naive) >= rule["count"] + 50:
            break
        naive.append(at)
    found = []
    for _, zone in zones:
        # A time that comes twice is its first one: fold is 0.
        there = [at.replace(tzinfo=zone) for at in naive if tz.datetime_exists(at, zone)]
        instants = [int(at.astimezone(timezone.utc).timestamp()) for at in there[: rule["count"]]]
        found.append(instants if tz.datetime_exists(start, zone) else None)
    answer.append(found)
json.dump(answer, sys.stdout)
