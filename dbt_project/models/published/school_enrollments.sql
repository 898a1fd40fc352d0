{{ school_enrollments(public=false) }}
