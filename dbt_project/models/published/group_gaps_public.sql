{{ group_gaps(public=true) }}
