"""The FAQ's files: read, watched, and written into as people left them."""
