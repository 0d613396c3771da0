"""The room for long bodies on the disk: what files of people that come in may have, and what rows may.

The chart gives 1 GiB to /tmp. Of that files of people that come in at once have 768 MiB, one for each of their seats
(service/people/imports/upload.py says how), and rows that are told as JSON 128, and never more: neither takes what the
other needs. The rest of /tmp is for whatever else a process writes there.
"""

from service.kit.room import Room

OF_FILES = 768 << 20
OF_ROWS = 128 << 20
FILES = Room(OF_FILES)
ROWS = Room(OF_ROWS)
"""Both of this process."""
