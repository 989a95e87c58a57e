"""Recurrent cells: one equation a module, beside the loop that defines them all."""
