"""In which numbers an exported model computes, one file for each answer."""
