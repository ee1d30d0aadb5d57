"""Refusals of the ledger. Each class is one fact, and its code is the word the database function answers with."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class LedgerError(Exception):
    """Base of every refusal in this room; nothing was written when one is raised."""

    code = "ledger"
    sentence: str | Promise = _("토큰 장부가 이 요청을 받아들이지 않았어요.")

    def __init__(self, key: str = "", *, detail: str = "") -> None:
        super().__init__(key, detail)
        self.key = key
        self.detail = detail

    def __str__(self) -> str:
        return str(self.sentence)


class UnknownAccount(LedgerError):
    """No account has this address."""

    code = "unknown_account"
    sentence = _("그런 계정이 없어요.")


class AccountClosed(LedgerError):
    """The account was closed and takes no further rows."""

    code = "account_closed"
    sentence = _("닫힌 계정이에요.")


class AccountNotEmpty(LedgerError):
    """An account is closed only when nothing is in it and nothing is held."""

    code = "account_not_empty"
    sentence = _("남은 토큰이나 예약이 있어 계정을 닫을 수 없어요.")


class AccountFull(LedgerError):
    """The account's counters would pass 2^53-1."""

    code = "account_full"
    sentence = _("이 계정에는 더 넣을 수 없어요.")


class AccountUnbounded(LedgerError):
    """The account keeps no running balance, so nothing can be held on it and it never closes."""

    code = "account_unbounded"
    sentence = _("잔액을 두지 않는 계정에는 예약할 수 없어요.")


class InvalidAddress(LedgerError):
    """The address does not fit the kind of account."""

    code = "invalid_address"
    sentence = _("계정 주소가 종류와 맞지 않아요.")


class InvalidAmount(LedgerError):
    """An amount is a whole number from 1 to 2^53-1."""

    code = "invalid_amount"
    sentence = _("토큰 수는 1부터 2^53-1까지의 정수여야 해요.")


class InvalidExpiry(LedgerError):
    """A hold must end in the future."""

    code = "invalid_expiry"
    sentence = _("예약이 끝나는 때는 미래여야 해요.")


class InvalidKey(LedgerError):
    """A key is 1 to 200 printable characters."""

    code = "invalid_key"
    sentence = _("멱등 키는 1자에서 200자까지의 글자여야 해요.")


class SameAccount(LedgerError):
    """A transfer needs two different accounts."""

    code = "same_account"
    sentence = _("같은 계정끼리는 옮길 수 없어요.")


class InsufficientTokens(LedgerError):
    """What is available on the debit account does not cover the amount."""

    code = "insufficient_tokens"
    sentence = _("쓸 수 있는 토큰이 모자라요.")


class UnknownHold(LedgerError):
    """No hold was ever placed under this key."""

    code = "unknown_hold"
    sentence = _("그런 예약이 없어요.")


class HoldResolved(LedgerError):
    """The hold was captured, released or expired before."""

    code = "hold_resolved"
    sentence = _("이미 끝난 예약이에요.")


class HoldExpired(LedgerError):
    """The hold's time has passed by the database clock."""

    code = "hold_expired"
    sentence = _("예약한 시간이 지났어요.")


class HoldNotExpired(LedgerError):
    """The hold's time has not passed yet, so the sweeper leaves it."""

    code = "hold_not_expired"
    sentence = _("아직 끝날 때가 되지 않은 예약이에요.")


class CaptureExceedsHold(LedgerError):
    """The legs take more than was held."""

    code = "capture_exceeds_hold"
    sentence = _("예약한 것보다 많이 가져갈 수 없어요.")


class OperationExists(LedgerError):
    """The op_id already names another operation."""

    code = "operation_exists"
    sentence = _("이 작업 번호는 이미 쓰였어요.")


class IdempotencyMismatch(LedgerError):
    """The key was used before with another body."""

    #: Who sent it, where the books themselves found it out; nobody where another room looked its own key up.
    sender = ""

    code = "idempotency_mismatch"
    sentence = _("같은 키로 다른 요청을 보냈어요.")


class UnknownTransfer(LedgerError):
    """No such row moved tokens between these two accounts."""

    code = "unknown_transfer"
    sentence = _("되돌릴 그런 이체가 없어요.")


class AlreadyReversed(LedgerError):
    """A transfer is taken back once."""

    code = "already_reversed"
    sentence = _("이미 되돌린 이체예요.")


class ReversalIsFinal(LedgerError):
    """A reversal is not itself reversed; a new transfer says what is meant."""

    code = "reversal_is_final"
    sentence = _("되돌림은 다시 되돌릴 수 없어요.")


class ApprovalMissing(LedgerError):
    """A second person must agree, and nobody agrees with themselves."""

    code = "approval_missing"
    sentence = _("다른 사람의 승인과 까닭이 필요해요.")


class InvalidInstant(LedgerError):
    """Only a post is dated back, and nothing is dated ahead."""

    code = "invalid_instant"
    sentence = _("앞으로의 때로는 적을 수 없어요.")


class NotSealedYet(LedgerError):
    """The journal's newest rows wait a few seconds for their seal."""

    code = "not_sealed_yet"
    sentence = _("아직 봉인되지 않았어요. 잠시 뒤 다시 해 주세요.")


class UnknownCheckpoint(LedgerError):
    """No checkpoint was signed at that size."""

    code = "unknown_checkpoint"
    sentence = _("그 크기의 봉인은 없어요.")


class EvidenceStands(LedgerError):
    """An operation is made under one paper, and the paper comes first."""

    code = "evidence_stands"
    sentence = _("이 거래의 증거는 이미 정해졌어요.")


class CosignatureRefused(LedgerError):
    """Nobody whose key is known here signed this note, or a signature is not good."""

    code = "cosignature_refused"
    sentence = _("아는 증인의 서명이 아니에요.")


def _leaves() -> dict[str, type[LedgerError]]:
    return {error.code: error for error in LedgerError.__subclasses__()}


#: From the word that `ledger_apply` answers to the class that is raised.
BY_CODE = _leaves()
