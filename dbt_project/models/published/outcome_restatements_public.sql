{{ outcome_restatements(public=true) }}
