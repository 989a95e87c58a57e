"""Number formats in which an exported model computes, one implementation per module."""
