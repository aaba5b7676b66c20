"""Matrix: the only place that imports nio. No type of nio goes any further."""
