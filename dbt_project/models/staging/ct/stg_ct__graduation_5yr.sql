with {{ edsight_graduation('graduation_5yr', 5) }}

select * from typed
