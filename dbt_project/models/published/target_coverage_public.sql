{{ target_coverage(public=true) }}
