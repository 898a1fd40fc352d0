with {{ edsight_science('science', 'school') }}

select * from typed
