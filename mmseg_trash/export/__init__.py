"""Trained models for other programs: weights alone, ONNX, ``torch.export``.

========== ====================================================================
`weights`  tensors without pickles, averaged ones by wish
`graph`    the network from RGB bytes to class probabilities, as one module
`capture`  that module as a program of ``torch.export``, as ONNX, and as a file
`parity`   the largest difference between a file and the model it came from
`card`     what a file says of itself: classes, palette, sizes, source
`runtime`  predict with such a file, without PyTorch for ONNX
`survey`   which method of the zoo goes where
========== ====================================================================
"""
