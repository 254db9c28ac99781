"""What people get wrong with the results of an nn.LSTM: one catalogue, and what proves each mistake."""
