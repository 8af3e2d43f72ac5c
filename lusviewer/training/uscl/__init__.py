"""Recipe `uscl`: mixed sample pairs of one video against other videos."""
