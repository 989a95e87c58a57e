"""Language models, one per module, which predict each piece of a line from those before it.

`language_model.PieceLanguageModel` is the contract that scoring, fusion and generation use.
`network.LanguageNetwork` is the contract of those that are networks (`recurrent`, `feedforward`),
which are trained by the trainer of translation models; `ngram` looks n-grams up that `ngrams`
counts. A new one is one module here and one file in `conf/language_model/`.
"""
