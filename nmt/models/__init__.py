"""Networks: their parts, how they are built from a configuration, and how they are saved.

Parts of which there are several kinds are packages with one implementation per module: `cells`,
`attention`, `encoders`, `decoders`, `bridges`, `readouts`, `language_models`. Their constructors
take numbers and factories, never a configuration. `translation_model.TranslationModel` puts them
together, `factory` builds a model from its configuration, and `saved` reads and writes the folder
of a trained one. `memory` is what an encoder returns, `tree` the operations on any state.

Axes in annotations: `batch` sentences; `rows` sentences or their hypotheses; `source` and `target`
positions of pieces, `positions` of either; `*shape` any leading axes; `input`, `hidden`, `value`,
`readout` features; `pieces` of the vocabulary; `choices` some of them.
"""
