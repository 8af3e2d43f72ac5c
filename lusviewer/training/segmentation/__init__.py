"""Which labels, which frames, which network: segmentation compared."""
