"""The same network for other programs: Keras, torch, C, and ONNX that frames its pictures itself."""
