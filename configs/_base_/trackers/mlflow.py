# A second base of any config; MLFLOW_TRACKING_URI and the like say where it logs.
trackers = [dict(type='ChosenMlflowVisBackend')]
