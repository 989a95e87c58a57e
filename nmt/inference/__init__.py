"""From trained models to text: translation, generation, reranking and export.

`translator.Translator` and `language_model.LanguageModel` are the Python API. `line_translator`
turns lines into batches and hypotheses into lines, for any of the `engines` that a command can
compute with; `sentences`, `long_lines`, `decisions` and `output_formats` are open questions with
one implementation per module, as are the number formats of `export`, which writes a model as ONNX
graphs. `reranking` ranks n-best lists again by a language model, `generation` lets one continue a
text.

Public: `Translator`, `LanguageModel`, `Translation`, `Candidate`, `ScorerOptions`, and the classes
of the open questions.
"""
