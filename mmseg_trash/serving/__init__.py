"""An HTTP service around one model.

========= =======================================================================
`app`     the routes: ``POST /segment``, ``GET /health``, ``/model``, ``/metrics``
`desk`    a bounded queue before the one thread that computes
`photos`  from the bytes of a request to an image, within limits
`answers` label map, overlay, areas, RLE
`limits`  what the service refuses
`metrics` counters in Prometheus' text format
`run`     the server and its orderly end
========= =======================================================================
"""
