"""The list of the clips: rows by page, thumbnails, and how they are painted."""
