"""The function that makes a month's table makes none that lies far away: whoever runs it owns no clock."""

from django.db import migrations

HEAD = """
CREATE OR REPLACE FUNCTION insights_twin_make_month(of_day date) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    begins CONSTANT date := make_date(extract(year FROM of_day)::int, extract(month FROM of_day)::int, 1);
    page CONSTANT text := 'insights_twinpage_' || to_char(begins, 'YYYYMM');
BEGIN
    IF to_regclass('public.' || page) IS NOT NULL THEN
        RETURN false;
    END IF;
"""
# Nobody's values lie there: the coming month is made twenty days ahead, and what is past the horizon is dropped.
BOUND = """
    IF begins < now() - interval '5 years' OR begins > now() + interval '1 month' THEN
        RAISE EXCEPTION 'No page of a twin lies in %', to_char(begins, 'YYYY-MM') USING ERRCODE = '22008';
    END IF;
"""
TAIL = """
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
"""


class Migration(migrations.Migration):
    dependencies = [("insights", "0006_conclusions_by_day")]

    operations = [migrations.RunSQL(HEAD + BOUND + TAIL, HEAD + TAIL)]
