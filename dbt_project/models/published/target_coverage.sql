{{ target_coverage(public=false) }}
