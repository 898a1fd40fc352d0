-- The same report as the workbook: it counts for the years in which no workbook came,
-- so that no student is counted twice. The test vermont_report_twins_agree compares the
-- two.
with {{ vermont_report("enrollment_report_csv", unless="enrollment_report") }}

select * from typed
