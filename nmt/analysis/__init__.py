"""What models do and how they learned, as tables and pictures.

`gradients` measures how far back a loss reaches; `plots` draws attention, learning curves and more.
"""
