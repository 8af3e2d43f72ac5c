"""The study library in the window: its state, its work off the thread, its dock."""
