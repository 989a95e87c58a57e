"""What a user can mend: every error of this family is shown as one line, with exit status 2."""

from pathlib import Path


class NmtError(Exception):
    """Names the thing, its value, what was expected and where; commands catch this family alone."""


class ConfigurationError(NmtError):
    """A key, choice or value of the configuration is not what the program has."""


def require(holds: bool, key: str, value: object, expected: str) -> None:
    """Check a value where it is used.

    Raises:
        ConfigurationError: if it does not hold; the message names key, value and what was expected.
    """
    if not holds:
        raise ConfigurationError(f"{key}={value}: expected {expected}")


class CorpusError(NmtError):
    """A text file cannot be read as the corpus it is said to be; names file and line."""


class ModelError(NmtError):
    """A saved model or training state is missing, altered, or not of this program."""


class DamagedError(NmtError):
    """A folder that the program can make again is not what it wrote there.

    Attributes:
        what: names the file and what is wrong with it, without the advice.
    """

    def __init__(self, what: str, folder: Path) -> None:
        super().__init__(f"{what}; delete the folder {folder}, it is made again")
        self.what = what


class LostError(NmtError):
    """Another of the processes that train together has ended; the first one alone says so."""


class MissingExtraError(NmtError):
    """A command needs a package that only an extra installs; names the extra."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"{package} is not installed; install it with: pip install 'nmt[{extra}]'")
