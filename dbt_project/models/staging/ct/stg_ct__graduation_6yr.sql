with {{ edsight_graduation('graduation_6yr', 6) }}

select * from typed
