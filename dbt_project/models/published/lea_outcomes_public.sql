{{ lea_outcomes(public=true) }}
