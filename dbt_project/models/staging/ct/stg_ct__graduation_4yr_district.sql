with {{ edsight_graduation('graduation_4yr_district', 4, 'lea') }}

select * from typed
