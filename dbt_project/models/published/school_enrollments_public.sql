{{ school_enrollments(public=true) }}
