"""Makes the folder for a run's records before anything else starts."""

import time
from pathlib import Path

from loadtests.experiments.commands.usage import UsageError

RESULTS = Path("results")


def make_output_folder(given: str | None, verb: str) -> Path:
    """Make the folder that was asked for, or one named after the verb and the time.

    Raises:
        UsageError: It cannot be written, or holds files already.
    """
    folder = Path(given) if given else RESULTS / time.strftime(f"{verb}-%Y%m%d-%H%M%S")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        taken = any(folder.iterdir())
        (folder / ".writable").touch()
        (folder / ".writable").unlink()
    except OSError as error:
        raise UsageError(
            f"--output {folder} cannot be written: {error.strerror}; name another folder"
        ) from None
    if taken:
        raise UsageError(f"--output {folder} holds files already; name a new folder")
    return folder
