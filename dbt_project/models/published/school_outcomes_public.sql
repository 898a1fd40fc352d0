{{ school_outcomes(public=true) }}
