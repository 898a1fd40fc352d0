{{ school_targets(public=false) }}
