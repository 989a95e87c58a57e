"""Metrics of translations; every value has its sacreBLEU signature.

A new one is one module here, which extends `metric.Metric`, and one file in `conf/metric/`;
`nmt.evaluate +metric@metrics.NAME=NAME` adds it to the table, `nmt.train metric=NAME` validates
by it.
"""
