"""The twin: books, the state of now, and pages of history that stand in one table for each month.

The runtime role makes no tables, so two functions of the owner's do: one makes the table of a month, one drops those
that are over. Deleting a sealed key deletes its book, and a book its states and pages; that is the database's work.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

PAGES = """
CREATE TABLE insights_twinpage (
    book_id uuid NOT NULL REFERENCES insights_twinbook ON DELETE CASCADE,
    kind varchar(40) NOT NULL,
    zone varchar(20) NOT NULL,
    span varchar(4) NOT NULL CONSTRAINT twin_page_is_of_one_span CHECK (span IN ('hour', 'day', 'word')),
    begins_at timestamptz NOT NULL,
    box bytea NOT NULL,
    PRIMARY KEY (book_id, kind, zone, span, begins_at)
) PARTITION BY RANGE (begins_at);

CREATE FUNCTION insights_twin_make_month(of_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    begins CONSTANT date := make_date(extract(year FROM of_day)::int, extract(month FROM of_day)::int, 1);
    page CONSTANT text := 'insights_twinpage_' || to_char(begins, 'YYYYMM');
BEGIN
    IF to_regclass('public.' || page) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Whoever finds the same month missing waits here, and then finds it made.
    PERFORM pg_advisory_xact_lock(hashtextextended('insights_twinpage', 0));
    IF to_regclass('public.' || page) IS NOT NULL THEN
        RETURN false;
    END IF;
    -- Attached and not made in place: that lets others go on writing into the months that are there. Pages are
    -- written over many times within their hour, which stays within one block while there is room in it.
    EXECUTE format(
        'CREATE TABLE public.%I (LIKE public.insights_twinpage INCLUDING ALL) WITH (fillfactor = 80)', page
    );
    EXECUTE format(
        'ALTER TABLE public.insights_twinpage ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
        page, begins::timestamp AT TIME ZONE 'UTC', (begins + interval '1 month') AT TIME ZONE 'UTC'
    );
    RETURN true;
END $$;

CREATE FUNCTION insights_twin_drop_months(before timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET lock_timeout = '2s' AS $$
DECLARE
    page record;
    dropped integer := 0;
BEGIN
    FOR page IN
        SELECT c.relname AS name, to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' AS ends
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
        WHERE i.inhparent = 'public.insights_twinpage'::regclass ORDER BY c.relname
    LOOP
        IF page.ends AT TIME ZONE 'UTC' <= LEAST(before, now()) THEN
            EXECUTE format('DROP TABLE public.%I', page.name);
            dropped := dropped + 1;
        END IF;
    END LOOP;
    RETURN dropped;
END $$;

REVOKE ALL ON FUNCTION insights_twin_make_month(date), insights_twin_drop_months(timestamptz) FROM PUBLIC;

SELECT insights_twin_make_month((now() AT TIME ZONE 'UTC')::date),
       insights_twin_make_month((now() AT TIME ZONE 'UTC' - interval '7 days')::date),
       insights_twin_make_month((now() AT TIME ZONE 'UTC' + interval '1 month')::date);
"""
NO_PAGES = """
DROP FUNCTION insights_twin_make_month(date);
DROP FUNCTION insights_twin_drop_months(timestamptz);
DROP TABLE insights_twinpage;
"""
SHREDDING = """
ALTER TABLE insights_twinbook ADD CONSTRAINT twin_book_goes_with_its_key
    FOREIGN KEY (sealed_id) REFERENCES insights_sealedobject ON DELETE CASCADE;
ALTER TABLE insights_twinstate ADD CONSTRAINT twin_state_goes_with_its_book
    FOREIGN KEY (book_id) REFERENCES insights_twinbook ON DELETE CASCADE;
"""
NO_SHREDDING = """
ALTER TABLE insights_twinstate DROP CONSTRAINT twin_state_goes_with_its_book;
ALTER TABLE insights_twinbook DROP CONSTRAINT twin_book_goes_with_its_key;
"""


class Migration(migrations.Migration):
    dependencies = [("appliances", "0002_pairing_keys_parts_and_flags"), ("insights", "0002_key_epochs")]

    operations = [
        migrations.AlterField(
            model_name="sealedobject",
            name="purpose",
            field=models.CharField(
                choices=[("insight", "알아챈 일"), ("release", "전달하는 사본"), ("twin", "가전의 한 달을 여는 열쇠")],
                max_length=10,
            ),
        ),
        migrations.CreateModel(
            name="TwinBook",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("month", models.DateField()),
                (
                    "appliance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appliances.appliance",
                    ),
                ),
                (
                    "sealed",
                    models.OneToOneField(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="insights.sealedobject",
                    ),
                ),
            ],
            options={
                "verbose_name": "가전의 한 달",
                "indexes": [models.Index(fields=["month"], name="twin_book_to_close")],
                "constraints": [
                    models.UniqueConstraint(fields=("appliance", "month"), name="twin_book_once_per_month")
                ],
            },
        ),
        migrations.CreateModel(
            name="TwinState",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "appliance_id", "kind", "zone", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=40)),
                ("zone", models.CharField(blank=True, max_length=20)),
                ("observed_at", models.DateTimeField()),
                ("heard_at", models.DateTimeField()),
                ("lag_s", models.FloatField(null=True)),
                ("box", models.BinaryField()),
                (
                    "appliance",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="appliances.appliance",
                    ),
                ),
                (
                    "book",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="insights.twinbook",
                    ),
                ),
            ],
            options={
                "verbose_name": "가전의 지금",
                "indexes": [models.Index(fields=["book"], name="twin_state_by_book")],
            },
        ),
        migrations.RunSQL(SHREDDING, NO_SHREDDING),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(PAGES, NO_PAGES)],
            state_operations=[
                migrations.CreateModel(
                    name="TwinPage",
                    fields=[
                        (
                            "pk",
                            models.CompositePrimaryKey(
                                "book_id", "kind", "zone", "span", "begins_at",
                                blank=True, editable=False, primary_key=True, serialize=False,
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        ("zone", models.CharField(blank=True, max_length=20)),
                        (
                            "span",
                            models.CharField(choices=[("hour", "한 시간"), ("day", "하루"), ("word", "하루의 말")], max_length=4),
                        ),
                        ("begins_at", models.DateTimeField()),
                        ("box", models.BinaryField()),
                        (
                            "book",
                            models.ForeignKey(
                                db_constraint=False,
                                db_index=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                to="insights.twinbook",
                            ),
                        ),
                    ],
                    options={"verbose_name": "가전이 한 말"},
                )
            ],
        ),
    ]  # fmt: skip
