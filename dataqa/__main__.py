"""``python -m dataqa``: the command line."""

from dataqa.cli.main import main

if __name__ == "__main__":
    main()
