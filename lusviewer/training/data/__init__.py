"""What is learned from: labelled collections, simulated shards, batches."""
