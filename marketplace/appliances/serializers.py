"""Shapes of what this room's API reads and answers."""

from typing import Any

from rest_framework import serializers

from consent.parties.serializers import Moment


class PairInput(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=40, help_text="As the home's page shows it; spaces and hyphens are free.")
    public_key = serializers.CharField(
        max_length=100,
        required=False,
        help_text="`whpk_` and the 32 bytes of an Ed25519 public key in base64. The request is then signed with its "
        "private half. Without it, the answer carries a bearer key.",
    )


class NextKeyInput(serializers.Serializer[Any]):
    public_key = serializers.CharField(
        max_length=100, required=False, help_text="The next key. The request is signed with both, old and new."
    )
    old_valid_until = Moment(
        required=False, help_text="Until when the present key stays valid, at most seven days. One day if left out."
    )


class KeyOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(help_text="What `maru-key` names in a signed request.")
    type = serializers.ChoiceField(choices=["ed25519", "bearer"])
    api_key = serializers.CharField(required=False, help_text="Shown this once.")


class PairedOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    appliance = serializers.UUIDField(allow_null=True, help_text="Null for a hub.")
    key = KeyOutput()


class NextKeyOutput(serializers.Serializer[Any]):
    key = KeyOutput()
    old_valid_until = serializers.DateTimeField()


class BrokerLoginOutput(serializers.Serializer[Any]):
    address = serializers.CharField(help_text="Of the broker.")
    username = serializers.CharField()
    password = serializers.CharField(help_text="Shown this once; the one before ends.")
    publish = serializers.CharField(help_text="What every topic starts with that this pairing may publish under.")
    answers = serializers.CharField(help_text="Where answers to signed batches come.")
