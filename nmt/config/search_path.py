"""Where configurations lie: the folder of the command, and folders of the user's own."""

import copy
import functools
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from hydra import compose, initialize_config_dir
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from nmt.runtime.errors import ConfigurationError
from nmt.runtime.package_files import folder


@dataclass(frozen=True)
class SearchPath:
    """Folders in which Hydra looks for configurations, without the suffix `.yaml`.

    Attributes:
        folders: searched in this order; the first one holds the command's own configuration.
    """

    folders: tuple[Path, ...]

    @classmethod
    def of(cls, home: Path | None, others: Sequence[str]) -> "SearchPath":
        """Join a command's own folder, if it is not `conf`, `conf`, and what `configs=` names.

        Raises:
            ConfigurationError: if one is no folder, or has a file of the name of one before it.
        """
        shipped = folder("conf")
        path = cls((shipped,) if home is None else (home, shipped))
        for name in others:
            if not Path(name).is_dir():
                raise ConfigurationError(f"configs={name}: there is no such folder")
            for own in path.folders:
                for file in (file.relative_to(own) for file in own.rglob("*.yaml")):
                    if (Path(name) / file).exists():
                        raise ConfigurationError(
                            f"configs={name}: {file} has the name of a file in {own}, which would"
                            " hide it; rename it"
                        )
            path = cls((*path.folders, Path(name).resolve()))
        return path

    def file(self, name: str) -> Path:
        """Return the file of a configuration, such as `model/cell/gru`."""
        paths = (folder / f"{name}.yaml" for folder in self.folders)
        return next(path for path in paths if path.is_file())

    def choices(self, group: str) -> list[str]:
        """Return the names of a group's choices; none if there is no such group."""
        folders = [folder / group for folder in self.folders] if group else []
        return sorted({path.stem for folder in folders for path in folder.glob("[!_]*.yaml")})

    def groups(self) -> list[str]:
        """Return the names of the groups that lie in no other one."""
        names = {path.name for folder in self.folders for path in folder.iterdir()}
        return sorted(filter(self.choices, names))

    def compose(self, name: str, overrides: Sequence[Override]) -> DictConfig:
        """Compose a configuration.

        Raises:
            ConfigurationError: with what Hydra, OmegaConf or the YAML parser reports.
        """
        OmegaConf.register_new_resolver("folder", lambda name: str(folder(name)), replace=True)
        with _refused():
            return copy.deepcopy(_compose(self.folders[0], name, tuple(self._typed(overrides))))

    def apply(self, overrides: Sequence[Override], composed: DictConfig) -> DictConfig:
        """Return a composed configuration with other values, as Hydra composes it with them.

        Raises:
            ConfigurationError: with what Hydra or OmegaConf reports.
        """
        changed = copy.deepcopy(composed)
        with _refused():
            ConfigLoaderImpl._apply_overrides_to_config(list(overrides), changed)
        return changed

    def defaults(self, name: str, overrides: Sequence[Override]) -> Any:
        """Return Hydra's list of the files that make a configuration, and of the choices."""
        with _hydra(self.folders[0]):
            loader = GlobalHydra.instance().config_loader()
            return loader.compute_defaults_list(name, self._typed(overrides), RunMode.RUN)

    def _typed(self, overrides: Sequence[Override]) -> list[str]:
        typed = [override.input_line or "" for override in overrides]
        others = ",".join(repr(f"file://{folder}") for folder in self.folders[1:])
        return [*typed, f"hydra.searchpath=[{others}]"] if others else typed


@contextmanager
def _hydra(home: Path) -> Iterator[None]:
    """Initialize Hydra, also where the program that calls this one runs under it."""
    outer, GlobalHydra.instance().hydra = GlobalHydra.instance().hydra, None
    try:
        with initialize_config_dir(config_dir=str(home), version_base="1.3"):
            yield
    finally:
        GlobalHydra.instance().hydra = outer


@functools.cache  # Files do not change while a command runs, and composing them takes 0.2 s.
def _compose(home: Path, name: str, typed: tuple[str, ...]) -> DictConfig:
    with _hydra(home):
        return compose(config_name=name, overrides=list(typed))


@contextmanager
def _refused() -> Iterator[None]:
    """Raise what Hydra, OmegaConf or the YAML parser report as a ConfigurationError."""
    try:
        yield
    except (HydraException, OmegaConfBaseException, ValueError, yaml.YAMLError) as error:
        # Hydra raises some errors of OmegaConf again, without their message.
        message = str(error) or str(error.__cause__)
        raise ConfigurationError(" ".join(message.split())) from error
