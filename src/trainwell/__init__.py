"""trainwell finds out why a PyTorch network is not learning."""
