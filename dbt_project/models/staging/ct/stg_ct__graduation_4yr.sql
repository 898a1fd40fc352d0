with {{ edsight_graduation('graduation_4yr', 4) }}

select * from typed
