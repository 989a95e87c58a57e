"""Small exported models."""

from contextlib import contextmanager

import jaxtyping

from nmt.config.command_line import configuration
from nmt.export import export


@contextmanager
def unchecked():
    """Disable the checks of shapes while a model is traced: some sizes are symbols then."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


def export_model(saved, folder, *arguments):
    """Run nmt.export in this process; tracing a model takes seconds."""
    config = configuration("export", [f"run={saved}", f"output={folder}", *arguments], ())
    with unchecked():
        export(config)
    return folder
