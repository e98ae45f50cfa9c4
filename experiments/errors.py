"""What a user can mend: each of these ends a command with its one sentence, never with a traceback."""


class UserError(ValueError):
    """A request that cannot be met as asked; the message names the argument, its value and what is allowed."""


class StoreError(UserError):
    """The output folder cannot be written or read; what was stored before is untouched."""
