{{ school_target_status(public=true) }}
