"""From a trained model to label maps, pictures and a submission; registers nothing."""
