"""What must come out, worked out from integers alone. Nothing here imports torch or rich."""
