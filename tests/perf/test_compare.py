#!/usr/bin/env python3
"""Shows that compare.py fails where it should: a cent, a swapped row, a lost row, a zero, a type, a missing file.

    python3 tests/perf/test_compare.py
"""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

import duckdb

from compare import TABLES, compare

GOOD = {
    "invoice_lines": "select 'SUB-' || n as subscription_id, (n * 1.25)::decimal(18,4) as subtotal, "
    "case when n % 2 = 0 then 'EUR' end as currency, timestamptz '2026-11-30 09:15:00Z' as happened_at "
    "from range(1, 2001) t(n) order by n",
    "invoices": "select 'CUS-1' as customer_id, 7::decimal(18,4) as subtotal",
    "renewals": "select 'SUB-' || n as subscription_id, n::decimal(18,4) as amount_after "
    "from range(300) t(n) order by n",
}


def publish(folder, form, changed=None):
    """Writes the three tables, some of them changed: a name, and the SQL that is written instead."""
    folder.mkdir()
    for table in TABLES:
        sql = (changed or {}).get(table, GOOD[table])
        duckdb.execute(f"copy ({sql}) to '{folder}/{table}.{form}' (format {form})")


class Compare(unittest.TestCase):
    def said(self, form, changed):
        """Whether a changed output agrees with the good one, and what is said of it."""
        with tempfile.TemporaryDirectory() as place:
            ours, peers = Path(place) / "ours", Path(place) / "peers"
            publish(ours, form)
            publish(peers, form, changed)
            said = io.StringIO()
            with contextlib.redirect_stdout(said):
                agrees = compare(ours, peers, form)
            return agrees, said.getvalue()

    def differs(self, table, sql, *telling, forms=("parquet", "csv")):
        for form in forms:
            agrees, said = self.said(form, {table: sql})
            self.assertFalse(agrees, form)
            for words in telling:
                self.assertIn(words, said, form)

    def test_the_same_rows_agree(self):
        for form in ("parquet", "csv"):
            agrees, said = self.said(form, None)
            self.assertTrue(agrees, said)

    def test_one_cent(self):
        sql = GOOD["invoice_lines"].replace("n * 1.25", "n * 1.25 + case n when 1500 then 0.01 else 0 end")
        self.differs("invoice_lines", sql, "1 rows differ", "row 1500", "1875.01")

    def test_one_second(self):
        later = "+ to_seconds(case n when 9 then 1 else 0 end) as happened_at"
        sql = GOOD["invoice_lines"].replace("as happened_at", later)
        self.differs("invoice_lines", sql, "1 rows differ", "09:15:01")

    def test_two_rows_swapped(self):
        sql = GOOD["renewals"].replace("order by n", "order by case n when 7 then 8 when 8 then 7 else n end")
        self.differs("renewals", sql, "2 rows differ", "SUB-8")

    def test_a_row_too_few(self):
        self.differs("renewals", GOOD["renewals"].replace("range(300)", "range(299)"), "300 rows of ours, 299")

    def test_a_null_is_no_value(self):
        sql = GOOD["invoice_lines"].replace("then 'EUR' end", "then 'EUR' else 'SEK' end")
        self.differs("invoice_lines", sql, "1000 rows differ")

    def test_another_type_or_column(self):
        self.differs("invoices", GOOD["invoices"].replace("(18,4)", "(18,2)"), "columns differ", forms=["parquet"])
        self.differs("invoices", GOOD["invoices"].replace("customer_id", "customer"), "columns differ")

    def test_other_text_of_the_same_number(self):
        self.differs("invoices", GOOD["invoices"].replace("(18,4)", "(18,2)"), "7.00", forms=["csv"])

    def test_a_missing_file(self):
        with tempfile.TemporaryDirectory() as place, contextlib.redirect_stdout(io.StringIO()):
            publish(Path(place) / "ours", "csv")
            publish(Path(place) / "peers", "csv")
            (Path(place) / "peers/renewals.csv").unlink()
            self.assertFalse(compare(Path(place) / "ours", Path(place) / "peers", "csv"))


if __name__ == "__main__":
    unittest.main()
