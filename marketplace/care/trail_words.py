"""The audit trail in words: what was done, to what, by whom. The codes stay beside them, for whoever searches."""

from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consent.parties.models import Area, AuditEntry, Organisation, Seat
from consent.parties.queries import KEY, actors_named

ACTIONS = {
    "appliance.give_back": _("가전을 집의 것으로 되돌리기"),
    "appliance.join": _("두 이름을 한 가전으로 묶기"),
    "appliance.leave": _("가전 내보내기"),
    "appliance.may_be_asked": _("가전을 다시 여쭤봐도 된다고 하기"),
    "appliance.never_kinds": _("여쭤보지 않을 일 고르기"),
    "appliance.never_share": _("가전을 나누지 않기로 하기"),
    "appliance.own": _("가전을 한 식구의 것으로 하기"),
    "appliance.separate": _("묶은 이름 나누기"),
    "area.add": _("동네 더하기"),
    "area.change": _("동네 고치기"),
    "ask.answer": _("질문에 답하기"),
    "ask.approve": _("질문에 허락하기"),
    "ask.defer": _("질문 미루기"),
    "ask.deny": _("질문에 거절하기"),
    "ask.wrong": _("틀렸다고 적기"),
    "broker.login": _("브로커에 들어갈 이름 받기"),
    "consent.withdraw": _("허락 철회하기"),
    "erasure.attest": _("지웠다고 확인하기"),
    "gift.allow": _("선물을 다시 열기"),
    "gift.give": _("토큰 선물하기"),
    "gift.renumber": _("선물 번호 바꾸기"),
    "gift.return": _("선물 돌려주기"),
    "gift.stop": _("선물 멈추기"),
    "gift.unknown": _("아무도 쓰지 않는 선물 번호 넣기"),
    "household.found": _("집 열기"),
    "household.leave": _("집과 함께 떠나기"),
    "issuance.issued": _("토큰 발행하기"),
    "issuance.proposed": _("발행 올리기"),
    "issuance.refused": _("발행하지 않기"),
    "issuance.withdrawn": _("올린 발행 거두기"),
    "key.change": _("열쇠 바꾸기"),
    "key.issue": _("열쇠 만들기"),
    "key.revoke": _("열쇠 거두기"),
    "member.invite": _("식구 초대하기"),
    "member.join": _("식구로 들어오기"),
    "member.leave": _("집을 떠나기"),
    "member.take_out": _("식구 내보내기"),
    "member.uninvite": _("초대 거두기"),
    "order.accept": _("예약 받기"),
    "order.cancel": _("예약 거두기"),
    "order.fulfil": _("예약한 것 건네기"),
    "order.refuse": _("예약 받지 않기"),
    "organisation.add": _("기관 더하기"),
    "organisation.change": _("기관 고치기"),
    "organisation.reinstate": _("기관 다시 열기"),
    "organisation.suspend": _("기관 멈추기"),
    "pairing.arrive": _("코드로 들어오기"),
    "pairing.end": _("들인 것 내보내기"),
    "pairing.invite": _("들이는 코드 만들기"),
    "record.read": _("기록 읽기"),
    "request.close": _("데이터 요청 닫기"),
    "request.draft": _("데이터 요청 쓰기"),
    "request.edit": _("데이터 요청 고치기"),
    "request.exhaust": _("데이터 요청의 예산이 다 됨"),
    "request.fund": _("데이터 요청에 토큰 맡기기"),
    "request.opened": _("데이터 요청을 열어 주기"),
    "request.pause": _("데이터 요청 쉬게 하기"),
    "request.reach": _("몇 집쯤일지 어림하기"),
    "request.refused": _("데이터 요청을 받지 않기"),
    "request.resume": _("데이터 요청 다시 열기"),
    "request.returned": _("데이터 요청을 돌려보내기"),
    "request.submit": _("데이터 요청의 검토 부탁하기"),
    "reward.change": _("상점에 내놓은 것 고치기"),
    "seat.add": _("자리 더하기"),
    "seat.change": _("자리 고치기"),
    "stream.cleared": _("막아 둔 흐름을 풀어 주기"),
    "stream.kept": _("막아 둔 흐름을 그대로 두기"),
    "thanks.begin": _("고마움 보내기"),
    "twin.forget": _("가전이 말해 온 것 지우기"),
    "vault.epoch.begin": _("금고에 새 열쇠 쓰기"),
    "vault.epoch.destroy": _("금고의 옛 열쇠 없애기"),
    "webhook.add": _("알림 받을 주소 더하기"),
    "webhook.gone": _("없어진 주소 빼기"),
    "webhook.park": _("닿지 않는 주소 쉬게 하기"),
    "webhook.remove": _("알림 받을 주소 빼기"),
}
NOUNS = {
    "appliance": pgettext_lazy("one", "가전"),
    "area": pgettext_lazy("one", "동네"),
    "ask": pgettext_lazy("one", "질문"),
    "consent": pgettext_lazy("one", "허락"),
    "epoch": pgettext_lazy("one", "금고의 열쇠"),
    "gift": pgettext_lazy("one", "선물"),
    "household": pgettext_lazy("one", "가구"),
    "invitation": pgettext_lazy("one", "초대"),
    "issuance": pgettext_lazy("one", "발행"),
    "key": pgettext_lazy("one", "열쇠"),
    "order": pgettext_lazy("one", "예약"),
    "organisation": pgettext_lazy("one", "기관"),
    "pairing": pgettext_lazy("one", "들인 것"),
    "pairing-code": pgettext_lazy("one", "들이는 코드"),
    "release": pgettext_lazy("one", "건넨 기록"),
    "request": pgettext_lazy("one", "데이터 요청"),
    "reward": pgettext_lazy("one", "상점에 내놓은 것"),
    "seat": pgettext_lazy("one", "자리"),
    "stream-flag": pgettext_lazy("one", "막아 둔 흐름"),
    "thanks": pgettext_lazy("one", "고마움"),
    "user": pgettext_lazy("one", "사람"),
    "webhook": pgettext_lazy("one", "알림 받을 주소"),
}
MACHINES = {
    "door": _("기록을 내주는 문"),
    "sender": _("알림을 보내는 일"),
    "system:cast": _("시연 준비"),
    "system:clock": pgettext_lazy("machine", "시계"),
}
_ORGANISATION = "organisation:"
#: Whose changes on the desk are written down by the names of their fields.
_CHANGED = {"area": Area, "organisation": Organisation, "seat": Seat}


def action_in_words(code: str) -> str:
    """Say what was done; an action without words is nothing."""
    return str(ACTIONS.get(code, ""))


def outcome_in_words(code: str) -> str:
    """Say whether it was done; why not is the code itself."""
    return str(_("했어요") if code == "done" else _("막혔어요"))


def reason_in_words(entry: AuditEntry) -> str:
    """Return the reason as it was written, or the fields that were changed by their labels."""
    noun, _dot, verb = entry.action.partition(".")
    model = _CHANGED.get(noun)
    if model is None or verb not in ("add", "change"):
        return entry.reason
    labels = {field.name: field.verbose_name for field in model._meta.fields}
    return ", ".join(str(labels.get(name, name)) for name in entry.reason.split(", "))


class Names:
    """The names of people, organisations and keys in some lines of the trail, in three statements at most."""

    def __init__(self, entries: Sequence[AuditEntry]) -> None:
        said = {entry.actor for entry in entries} | {entry.subject.removeprefix("user:") for entry in entries}
        self._actors = actors_named(said)
        changed = {entry.subject for entry in entries if entry.subject.startswith(_ORGANISATION)}
        found = Organisation.objects.filter(pk__in=[code.removeprefix(_ORGANISATION) for code in changed])
        self._organisations = {f"{_ORGANISATION}{one.pk}": str(one) for one in found}

    def actor(self, code: str) -> str:
        """Say who did it: a person, a key, or a part of Maru."""
        if code in MACHINES:
            return str(MACHINES[code])
        name = self._actors.get(code, "")
        return " ".join(filter(None, (str(NOUNS["key"]) if code.startswith(KEY) else "", name)))

    def subject(self, code: str) -> str:
        """Say to what it was done."""
        noun, _colon, pk = code.partition(":")
        person = self._actors.get(pk) if noun == "user" else ""
        name = self._organisations.get(code) or self._actors.get(code) or person
        return " ".join(filter(None, (str(NOUNS.get(noun, "")), name)))
