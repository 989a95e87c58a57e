"""How fast trainings and translations are, on this machine, and beside other programs."""
