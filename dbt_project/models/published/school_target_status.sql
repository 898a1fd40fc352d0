{{ school_target_status(public=false) }}
