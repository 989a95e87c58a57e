"""Networks: what they are made of, how they are built, and how they are saved.

An open question is a package, each answer a module: `cells`, `attention`, `encoders`, `decoders`,
`bridges`, `readouts`, `language_models`. `translation_model` puts them together; `factory` makes a
model from its configuration; `saved` reads and writes its folder.
"""
