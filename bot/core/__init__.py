"""What the bot knows and decides: pure functions and values, without clock, files, network or logging."""
