"""What comes from strangers is looked at before torch is imported: one kind of file a module."""
