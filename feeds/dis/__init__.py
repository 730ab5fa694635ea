"""What municipalities report: orders, shelters, roads, damage, lifelines, people cut off, needs.

One form of our own, published as a JSON Schema (`report.schema.json`), in JSON and as tables with
Japanese headers. Reading is row by row: a bad line about a road never takes an order along.
"""
