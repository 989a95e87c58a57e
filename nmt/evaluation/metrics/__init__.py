"""How good is a translation? Each answer is a file; every value comes with its signature."""
