"""What to label next: the queue, its proposals and what the labels bring."""
