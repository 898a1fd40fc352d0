"""A release: files, site, workbooks, and what changed."""
