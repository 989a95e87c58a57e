"""Commands of `conf/`, their groups, and the choices of these."""

from omegaconf import OmegaConf

from nmt.runtime.package_files import folder

ROOT = folder("conf")
COMMANDS = sorted(path.stem for path in ROOT.glob("[!_]*.yaml"))


def groups_of(command):
    """Yield the groups of a command's defaults list, GROUP or GROUP@KEY each."""
    for entry in OmegaConf.load(ROOT / f"{command}.yaml").defaults:
        if OmegaConf.is_dict(entry):
            yield str(next(iter(entry))).split()[-1]


def choices(group):
    """Return the choices of a group."""
    return sorted(path.stem for path in (ROOT / group.split("@")[0]).glob("[!_]*.yaml"))
