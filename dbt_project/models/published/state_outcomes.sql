{{ state_outcomes(public=false) }}
