"""Recipe `video-ssl`: two clips of one patient, and the order of frames."""
