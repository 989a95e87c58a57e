"""Errors that a user can resolve: commands show them as one line, with exit status 2."""

from pathlib import Path


class NmtError(Exception):
    """The base of all; a message names the thing, its value, what was expected, and where.

    Example:
        >>> try:
        ...     nmt.Translator.load("runs/none")
        ... except nmt.NmtError as error:
        ...     print(error)
        runs/none holds no trained model ...
    """


class ConfigurationError(NmtError):
    """A key, choice or value of the configuration does not exist or is out of range."""


class ArgumentError(ConfigurationError, TypeError):
    """An argument of the Python API is not of a type that it takes."""


def require(holds: bool, key: str, value: object, expected: str) -> None:
    """Check a value where it is used.

    Raises:
        ConfigurationError: if it does not hold; names key, value and what was expected.
    """
    if not holds:
        raise ConfigurationError(f"{key}={value}: expected {expected}")


class CorpusError(NmtError):
    """A text file cannot be read as a corpus; names file and line."""


class ModelError(NmtError):
    """A saved model or training state is missing, altered, or not allowed."""


class DamagedError(NmtError):
    """A folder that the program can make again is not what it wrote.

    Attributes:
        what: names the file and what is wrong with it, without the advice.
    """

    def __init__(self, what: str, folder: Path) -> None:
        super().__init__(f"{what}; delete the folder {folder}, it is made again")
        self.what = what


class LostProcessError(NmtError):
    """Another process of a distributed training has ended; only the first process reports it."""


class MissingExtraError(NmtError):
    """A command needs a package that only an extra installs; names the extra."""

    def __init__(self, package: str, extra: str) -> None:
        advice = f"pip install 'recurrent-nmt[{extra}]'"
        super().__init__(f"{package} is not installed; install it with: {advice}")
