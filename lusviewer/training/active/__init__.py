"""What share of the labels is enough, when the queue asks for them (TSAL)."""
