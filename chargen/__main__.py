"""`python -m chargen`, the same as `chargen`."""

from chargen.cli import main

main()
