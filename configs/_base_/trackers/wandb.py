# A second base of any config; WANDB_PROJECT, WANDB_MODE and the like say where it logs.
trackers = [dict(type='ChosenWandbVisBackend')]
