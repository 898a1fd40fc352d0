{{ school_outcomes(public=false) }}
