{{ school_outlook(public=false) }}
