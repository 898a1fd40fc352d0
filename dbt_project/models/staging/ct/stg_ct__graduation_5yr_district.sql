with {{ edsight_graduation('graduation_5yr_district', 5, 'lea') }}

select * from typed
