"""Hooks of the Runner, registered in mmseg's ``HOOKS``."""

from .mean_loss_hook import MeanLossHook

__all__ = ['MeanLossHook']
