{{ outcome_restatements(public=false) }}
