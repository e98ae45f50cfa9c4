"""The registry of papers, the command line and the report."""
