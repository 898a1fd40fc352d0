{{ coalition_outcomes(public=true) }}
