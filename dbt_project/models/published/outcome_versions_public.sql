{{ outcome_versions(public=true) }}
