"""The shipped model adapted to a study library of one's own."""
