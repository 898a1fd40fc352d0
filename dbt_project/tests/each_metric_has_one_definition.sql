/*
**What is this test?** An outcome follows another definition than its metric: whoever puts
two values of one metric side by side would compare unlike things.
**When is this important to resolve?** Before publishing.
**How to resolve?** Give the other definition a metric_id of its own in the seed metrics.
*/
with outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

mixed as (
    select
        outcomes.provider,
        outcomes.extract,
        outcomes.metric_id,
        outcomes.definition_id,
        count(*) as rows_count
    from outcomes
    inner join metrics
        on outcomes.metric_id = metrics.metric_id
    where outcomes.definition_id is distinct from metrics.definition_id
    group by
        outcomes.provider,
        outcomes.extract,
        outcomes.metric_id,
        outcomes.definition_id
)

select * from mixed
