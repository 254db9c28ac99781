"""What must come out of an nn.LSTM: worked out from integers, as integers and strings."""
