"""What a training brought: figures, side by side, versions, promoting."""
