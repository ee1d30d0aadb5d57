"""What outsiders check the books with, and an auditor one account; a home takes its own from its wallet."""

import json

from django.conf import settings
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from rewards.ledger import liabilities, merkle, sealing, signed_notes, statements, witnesses
from rewards.ledger.api import AuditorView
from rewards.ledger.models import Checkpoint
from rewards.ledger.proof_serializers import (
    CosignaturesOutput,
    CosignInput,
    LatestCheckpointOutput,
    LiabilitiesOutput,
    StatementProofInput,
    StatementProofOutput,
)


class PublicView(APIView):
    """For everybody: what is told here names nobody."""

    authentication_classes = []
    permission_classes = [AllowAny]


class ShowAccountProof(AuditorView):
    """GET /api/v1/ledger/accounts/<address>/proof: one account's statement, with the proof that nothing was left out.

    `verify_bundle.py` checks it without Maru. It reaches as far as what is owed was last told in the log. Only for
    auditors: a transfer's leaf is whole or not at all, and it says where the other side stands.
    """

    @extend_schema(
        responses=StatementProofOutput,
        parameters=[OpenApiParameter("kept", int, many=True, description="The size of a checkpoint that you kept.")],
    )
    def get(self, request: Request, address: str) -> Response:
        kept = StatementProofInput.parse(request.query_params)
        proof = statements.statement_of(address, kept=kept)
        headers = {"Content-Disposition": 'attachment; filename="maru-statement.json"'}
        return Response(StatementProofOutput(proof).data, headers=headers)


class ShowLatestCheckpoint(PublicView):
    """GET /api/v1/ledger/checkpoints/latest: the newest signed tree, and the newest that a witness has signed too."""

    @extend_schema(responses=LatestCheckpointOutput, auth=[])
    def get(self, request: Request) -> Response:
        cosigned = witnesses.latest_cosigned()
        newest = {
            "key": signed_notes.verifier_key(),
            "witnesses": settings.WITNESS_KEYS,
            "latest": _with_note(sealing.latest_checkpoint()),
            "cosigned": _with_note(cosigned) if cosigned else None,
        }
        return Response(LatestCheckpointOutput(newest).data)


class Cosign(PublicView):
    """POST /api/v1/ledger/checkpoints/cosignatures: a witness brings a note back with its own signature under it.

    Whose keys count is the operator's to say; the signature is what lets somebody in. Once per witness and checkpoint.
    """

    @extend_schema(request=CosignInput, responses=CosignaturesOutput, auth=[])
    def post(self, request: Request) -> Response:
        given = CosignInput(data=request.data)
        given.is_valid(raise_exception=True)
        cosignatures = witnesses.cosign(given.validated_data["note"])
        return Response(CosignaturesOutput({"data": cosignatures}).data)


class ShowLiabilities(PublicView):
    """GET /api/v1/ledger/liabilities: what Maru owes in all, as it was last said in the log."""

    @extend_schema(responses=LiabilitiesOutput, auth=[])
    def get(self, request: Request) -> Response:
        owed, newest = liabilities.latest_liabilities(), sealing.latest_checkpoint()
        statement = {
            "tree_size": owed.tree_size,
            "owed": owed.owed,
            "own": json.loads(owed.own),
            "shares": owed.shares,
            "root": owed.root,
            "told_at": owed.told_at,
            "content": sealing.contents_of([owed.tree_size])[owed.tree_size].content,
            "path": merkle.inclusion_path(owed.tree_size, newest.tree_size, subtree=sealing.subtree),
            "checkpoint": newest,
        }
        return Response(LiabilitiesOutput(statement).data)


def _with_note(checkpoint: Checkpoint) -> dict[str, object]:
    return {
        "tree_size": checkpoint.tree_size,
        "root": checkpoint.root,
        "note": witnesses.note_of(checkpoint),
        "sealed_at": checkpoint.sealed_at,
        "witnesses": [one.witness for one in checkpoint.cosignatures.order_by("witness")],
    }
