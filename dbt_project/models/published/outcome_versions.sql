{{ outcome_versions(public=false) }}
