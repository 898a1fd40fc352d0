{{ group_gaps(public=false) }}
