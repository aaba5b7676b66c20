"""What connects the use cases to the world. Adapters do not know one another."""
