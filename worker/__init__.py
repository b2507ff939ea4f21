"""The way of a document: ingest, segment, read, reconcile, route, store, export."""
