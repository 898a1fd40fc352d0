{{ coalition_outcomes(public=false) }}
