{{ lea_outcomes(public=false) }}
