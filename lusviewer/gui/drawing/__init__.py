"""Drawing pleura, A-lines and B-lines on frames."""
