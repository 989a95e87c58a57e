"""A synchronous German-English grammar and the corpus that it writes.

A sentence is generated once, as a tree without words of either language between its meanings; two
linearisers, German and English, then read the same tree side by side (the plan of Ranta,
"Grammatical Framework", 2004). Agreement, verb-final order and do-support are rules of a
lineariser and never part of a template. Read in this order: `tokens`, `german`, `english`,
`lexicon`, `phrases`, `verbs`, `clauses`, `sentences`; then the choices, `nominals`,
`predicates`, `grammar`; then the files, `corpus`.
"""
