"""Folders of saved models: weights, configuration, vocabulary and scores; nothing is pickled.

`translation_model` and `language_model` load and save one kind each: `SavedTranslationModel.load`
and `SavedLanguageModel.load` take what `nmt.inspection.model_folder.inspect` returned, and
`save_translation_model` and `save_language_model` replace a model so that a killed process leaves
the old one or the new one. `folder` is what they share.
"""
