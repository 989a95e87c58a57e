"""A model as ONNX graphs, which run without torch; one file for each format of numbers."""
