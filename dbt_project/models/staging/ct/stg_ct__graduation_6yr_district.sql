with {{ edsight_graduation('graduation_6yr_district', 6, 'lea') }}

select * from typed
