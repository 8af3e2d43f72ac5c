"""Tools against the gap between simulated and real frames, each measured."""
