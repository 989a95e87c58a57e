"""SentencePiece tokenizers: `tokenizer` (text to ids and back), `training`, and `sampling`.

`Tokenizer` wraps a model of SentencePiece, `Tokenizers` holds those of both languages. `training`
has the methods (`UnigramTrainer`, `BPETrainer`) and the kinds of `Vocabulary`.
"""
