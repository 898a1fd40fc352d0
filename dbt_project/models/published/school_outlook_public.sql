{{ school_outlook(public=true) }}
