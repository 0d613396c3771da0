"""`python -m service.cli`, for child processes: the same interpreter, whatever the PATH says."""

from service.cli import main

main()
