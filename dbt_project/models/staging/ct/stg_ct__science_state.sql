with {{ edsight_science('science_state', 'state') }}

select * from typed
