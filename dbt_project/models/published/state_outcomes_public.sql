{{ state_outcomes(public=true) }}
