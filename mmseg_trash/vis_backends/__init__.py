"""Trackers, registered in mmseg's ``VISBACKENDS``."""

from .chosen_mlflow_vis_backend import ChosenMlflowVisBackend
from .chosen_wandb_vis_backend import ChosenWandbVisBackend

__all__ = ['ChosenMlflowVisBackend', 'ChosenWandbVisBackend']
