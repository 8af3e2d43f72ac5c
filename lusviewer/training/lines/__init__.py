"""Lines and regions drawn on real frames: their files, their dense labels, the tool."""
