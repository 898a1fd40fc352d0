-- One row a state: its metrics, how many of its schools have which verdict, and where
-- each school stands.
with histories as (
    select
        entity_id as state,
        list({'metric_id': metric_id, 'slug': metric.slug, 'label': label,
            'direction': direction, 'goal_pct': goal_pct, 'goal_words': goal_words,
            'is_core': is_core, 'is_of_class': is_of_class,
            'has_targets': has_targets, 'baseline_year': baseline_year,
            'years': years} order by place) as metrics
    from progress
    inner join shown_metrics as metric using (metric_id)
    where level = 'state'
    group by all
),

newest as (
    select
        school_key, metric_id, words, mark, school_year, value_pct, value_low_pct
    from points
    where student_group = 'all' and is_preferred
        and value_status in ('reported', 'range', 'suppressed')
    qualify row_number() over (
        partition by school_key, metric_id order by school_year desc
    ) = 1
),

judged as (
    select school_key, metric_id, school_year as judged_year, compounding, linear
    from verdicts
    where student_group = 'all' and compounding <> 'no_data'
    qualify row_number() over (
        partition by school_key, metric_id order by school_year desc
    ) = 1
),

stands as (
    select
        shown_schools.*,
        list({'metric_id': metric_id, 'words': words, 'mark': mark,
            'school_year': school_year, 'judged_year': judged_year,
            'has_number': value_pct is not null or value_low_pct is not null,
            'compounding': compounding, 'linear': linear} order by place)
            filter (has_targets) as metrics
    from shown_schools
    left join newest using (school_key)
    left join shown_metrics using (metric_id)
    left join judged using (school_key, metric_id)
    group by all
),

schools as (
    select
        state,
        list({'slug': slug, 'name': school_name, 'lea_name': lea_name,
            'is_active': is_active,
            'by_metric': map_from_entries(
                [(m.metric_id, m) for m in coalesce(metrics, [])]
            )} order by school_name, school_key) as schools
    from stands
    group by all
)

select
    shown_states.state as slug, shown_states.*,
    coalesce(metrics, []) as metrics, coalesce(schools, []) as schools
from shown_states
left join histories using (state)
left join schools using (state)
order by state;
