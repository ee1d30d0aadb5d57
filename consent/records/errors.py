"""Refusals of the records room. Each class is one fact."""


class RecordsError(Exception):
    """Base of every refusal in this room."""

    code = "records"


class NotYourHousehold(RecordsError):
    """The person may not decide for this household, or not on this appliance."""

    code = "not_yours_to_decide"


class AskNotPending(RecordsError):
    """The ask was answered, has expired or was cancelled."""

    code = "ask_not_pending"


class AskExpired(AskNotPending):
    """The ask's deadline has passed; no answer counted as a no."""

    code = "ask_expired"


class AlreadyAnswered(RecordsError):
    """This member has answered this ask."""

    code = "already_answered"


class PreviewChanged(RecordsError):
    """What was shown is not what would be released."""

    code = "preview_changed"


class NoticeChanged(RecordsError):
    """The text that was shown is not the text as it stands: somebody has to read it first."""

    code = "notice_changed"


class NoticeMissing(RecordsError):
    """There is no notice for this purpose in every language, so nobody may be asked."""

    code = "notice_missing"


class ConsentNotGiven(RecordsError):
    """There is no consent in force: refused, withdrawn, revoked or past its end."""

    code = "consent_not_given"


class AlreadyEnded(RecordsError):
    """The consent was withdrawn or revoked before."""

    code = "already_ended"
