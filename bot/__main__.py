"""`python -m bot` is the command `auskunft`."""

from bot.commands import main

if __name__ == "__main__":
    main()
