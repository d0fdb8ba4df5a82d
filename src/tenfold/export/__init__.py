"""The same network for other programs: Keras, torch, C, ONNX with its framing, a web page."""
