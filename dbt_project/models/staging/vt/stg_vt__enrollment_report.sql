with {{ vermont_report("enrollment_report") }}

select * from typed
