select count(*) as cells from reconciliation
