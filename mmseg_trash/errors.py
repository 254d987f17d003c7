"""The errors that bad input raises."""


class DataError(ValueError):
    """A file of the user's is wrong; the message names it, the value and the remedy."""


class ConfigError(ValueError):
    """A config or an override is wrong; the message names the key and the value."""


class CheckpointError(ValueError):
    """A checkpoint cannot be used; the message names the file and the reason."""


class TrainingError(ValueError):
    """A run cannot go on; the message names the iteration and what went wrong."""
