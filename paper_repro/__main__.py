"""`python -m paper_repro` and the console script `separatrix`."""

from paper_repro.cli import main

if __name__ == "__main__":
    main()
