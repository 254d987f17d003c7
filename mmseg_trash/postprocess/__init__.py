"""What happens to probabilities after the network; registers nothing."""
