"""Fields that say nothing of a person. What is neither here nor in docs/retention.md is not classed yet."""

NOT_PERSONAL: dict[str, str] = {
    "account.EmailConfirmation": "",
    "admin.LogEntry": "id content_type action_flag",
    "appliances.Appliance": "manufacturer",
    "appliances.Arrival": "id client packet digest token at",
    "appliances.BridgeBeat": "client seen_at connected_at publications",
    "appliances.PairedKey": "public_key machine_key",
    "auth.Group": "id name",
    "auth.Group_permissions": "id group permission",
    "auth.Permission": "id name content_type codename",
    "brokerage.Offer": "request version",
    "contenttypes.ContentType": "id app_label model",
    "delivery.OutboxMessage": "id endpoint type state attempts next_attempt_at",
    "delivery.Release": "organisation request number",
    "delivery.WebhookEndpoint": "id organisation url secret created_at disabled_at",
    "demand.DataRequest": "id organisation state current created_at opened_at closed_at refund_due_at refunded_at",
    "demand.RequestVersion": (
        "id request number kinds above below words area purpose purpose_ko purpose_en optional_fields rungs "
        "retention_days manufacturer_bp platform_bp budget_tokens ends_at min_gap_hours made_at least_assurance"
    ),
    "demand.Review": "id version verdict",
    "insights.KeyEpoch": "name made_at ends_at destroyed_at",
    "ledger.Account": "id address kind has_balance floor opened_at xid",
    "ledger.Attempt": (
        "key fingerprint action outcome op_id transfer debit_version actor refused_body recorded_at xid"
    ),
    "ledger.Balance": "account debits credits held floor version is_closed recorded_at",
    "ledger.Checkpoint": "tree_size root note through sealed_at",
    "ledger.Closure": "account actor closed_at xid",
    "ledger.Cosignature": "id checkpoint witness line signed_at received_at",
    "ledger.Evidence": "op_id digest xid",
    "ledger.Leaf": "index hash transfer account closure attempt evidence liabilities",
    "ledger.Liabilities": "tree_size root owed shares own told_at xid",
    "ledger.Node": "level position hash",
    "ledger.OpenHold": "key transfer account amount expires_at",
    "ledger.Repeat": "id kind attempt actor day noted_at",
    "ledger.Rollup": "kind through debits credits held earliest latest",
    "ledger.Share": "level position sum hash account",
    "ledger.Transfer": (
        "id op_id leg kind hold hold_leg debit_version debit_after debit_held credit_version credit_after expires_at "
        "event_type reverses approved_by xid"
    ),
    "parties.Area": "code parent name_ko name_en households",
    "parties.AuditEntry": "id action outcome",
    "parties.MachineKey": "id prefix secret_sha256 scopes organisation expires_at revoked_at",
    "parties.Organisation": "id kind name_ko name_en address contact verified_at suspended_at",
    "parties.User": "is_superuser is_staff",
    "parties.User_groups": "id group",
    "parties.User_user_permissions": "id permission",
    "records.Ask": "recipient purpose notice_version",
    "records.Consent": "recipient",
    "redemption.Reward": "id provider kind name_ko name_en words_ko words_en tokens fits stock listed",
    "treasury.Issuance": "id organisation invoice_number amount_krw tokens needs_second state",
    "treasury.IssuanceStep": "id issuance state",
    "treasury.Sweep": "id kind on through homes tokens finished_at",
    "treasury.Thanks": "id batch organisation tokens words_ko words_en",
}
