"""Many trainings: folds and ablations, each resumable and known by its hash."""
