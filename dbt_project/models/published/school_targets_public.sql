{{ school_targets(public=true) }}
