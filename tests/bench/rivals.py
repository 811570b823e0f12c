"""The other tools that W2 is held against: the same work as a person would write it for each, in an environment of the benchmark's own.

Each script reads both CSVs, writes the refunded orders and the totals as Parquet, and is one process from start to end. dlt moves rows
and transforms them in Python, so its script filters and computes while it loads into DuckDB, and aggregates there.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

VERSIONS = ("pandas==2.3.3", "pyarrow==26.*", "polars==1.*", "dask[dataframe]==2026.8.0", "dlt[duckdb]==1.*")

_PANDAS = """
import pandas as pd, sys
folder = sys.argv[1]
orders = pd.read_csv(f'{folder}/orders.csv', engine='pyarrow', parse_dates=['day'])
shops = pd.read_csv(f'{folder}/shops.csv')
sold = orders['status'] != 'refunded'
orders[~sold].to_parquet(f'{folder}/by-hand/refunds.parquet')
rows = orders[sold].merge(shops, on='shop')
rows['net'] = rows['amount'] * 0.77
rows['month'] = rows['day'].dt.month
# max of texts is a call for each group (measured: four minutes); the last of them in order is not.
totals = rows.sort_values('note').groupby(['region', 'customer', 'month'], as_index=False).agg(
    orders=('id', 'count'), net=('net', 'sum'), last_note=('note', 'last'))
totals.sort_values(['region', 'customer', 'month']).to_parquet(f'{folder}/by-hand/totals.parquet')
"""

_POLARS = """
import polars as pl, sys
folder = sys.argv[1]
orders = pl.scan_csv(f'{folder}/orders.csv', try_parse_dates=True)
shops = pl.scan_csv(f'{folder}/shops.csv')
orders.filter(pl.col('status') == 'refunded').sink_parquet(f'{folder}/by-hand/refunds.parquet')
(orders.filter(pl.col('status') != 'refunded').join(shops, on='shop')
 .with_columns(net=pl.col('amount') * 0.77, month=pl.col('day').dt.month())
 .group_by('region', 'customer', 'month').agg(pl.len().alias('orders'), pl.col('net').sum(), pl.col('note').max().alias('last_note'))
 .sort('region', 'customer', 'month').sink_parquet(f'{folder}/by-hand/totals.parquet'))
"""

_DASK = """
import dask.dataframe as dd, sys
folder = sys.argv[1]
orders = dd.read_csv(f'{folder}/orders.csv', parse_dates=['day'])
shops = dd.read_csv(f'{folder}/shops.csv')
orders[orders['status'] == 'refunded'].to_parquet(f'{folder}/by-hand/refunds-dask')
rows = orders[orders['status'] != 'refunded'].merge(shops, on='shop')
rows['net'] = rows['amount'] * 0.77
rows['month'] = rows['day'].dt.month
totals = rows.groupby(['region', 'customer', 'month']).agg({'id': 'count', 'net': 'sum', 'note': 'max'}, split_out=4).reset_index()
totals.compute().sort_values(['region', 'customer', 'month']).to_parquet(f'{folder}/by-hand/totals-dask.parquet')
"""

_DLT = """
import dlt, duckdb, os, sys
import pyarrow.csv as csv, pyarrow.compute as pc
folder = sys.argv[1]
os.environ['DLT_DATA_DIR'] = f'{folder}/by-hand/dlt'
os.environ['RUNTIME__DLTHUB_TELEMETRY'] = 'false'
file = f'{folder}/by-hand/dlt.duckdb'
def read(name):
    for batch in csv.open_csv(f'{folder}/{name}.csv'):
        yield batch
pipeline = dlt.pipeline('w2', destination=dlt.destinations.duckdb(file), dataset_name='d', pipelines_dir=f'{folder}/by-hand/dlt')
pipeline.run([dlt.resource(read('orders'), name='orders'), dlt.resource(read('shops'), name='shops')], write_disposition='replace')
with duckdb.connect(file) as con:
    con.execute(f'''
    COPY (SELECT * FROM d.orders WHERE status = 'refunded') TO '{folder}/by-hand/refunds-dlt.parquet';
    COPY (SELECT region, customer, month(day) AS month, count(*) AS orders, sum(amount * 0.77) AS net, max(note) AS last_note
          FROM d.orders JOIN d.shops USING (shop) WHERE status <> 'refunded' GROUP BY ALL ORDER BY region, customer, month)
    TO '{folder}/by-hand/totals-dlt.parquet';''')
"""

SCRIPTS: Mapping[str, str] = {"polars": _POLARS, "pandas": _PANDAS, "dask": _DASK, "dlt": _DLT}


def environment(folder: Path) -> str:
    """A virtual environment with the tools in it; returns its Python."""
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(folder)], check=True)
    python = str(folder / "bin" / "python")
    subprocess.run([uv, "pip", "install", "--quiet", "--python", python, *VERSIONS], check=True)
    return python
