"""`python -m shirase`: the same as the console script."""

from shirase.cli import main

main()
