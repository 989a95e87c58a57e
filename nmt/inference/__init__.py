"""From trained models to text: translation, generation, reranking, export, engines.

`translator.Translator` is text to text with torch, `engines` what a command can compute with,
`export` writes a model as ONNX graphs, `output_formats` how translations are written.
"""
