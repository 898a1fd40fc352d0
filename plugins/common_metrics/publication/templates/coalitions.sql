-- One row a coalition: its rates against the goals, its members and what is printed.
with histories as (
    select
        entity_id as coalition_id,
        list({'metric_id': metric_id, 'slug': metric.slug, 'label': label,
            'direction': direction, 'goal_pct': goal_pct, 'goal_words': goal_words,
            'is_core': is_core, 'is_of_class': is_of_class,
            'baseline_year': baseline_year, 'years': years} order by place) as metrics
    from progress
    inner join shown_metrics as metric using (metric_id)
    where level = 'coalition'
    group by all
),

members as (
    select
        coalition_id, count(distinct school_key) as members_count,
        list({'name': school_name, 'state': bridge.state, 'slug': slug,
            'first_year': bridge.first_year, 'last_year': bridge.last_year}
            order by bridge.state, school_name) filter (coalition_id <> 'nessc')
            as members
    from bridge_coalition_school as bridge
    left join shown_schools using (school_key)
    group by all
),

printed as (
    select
        coalition_id,
        list({'measure': measure, 'as_printed': as_printed, 'document': document,
            'note': note} order by measure) as printed
    from coalition_printed_facts
    group by all
),

notes as (
    select
        dim_coalition.coalition_id,
        list({'printed_metric': printed_metric, 'publisher': publisher,
            'definition': american(definition), 'is_comparable': is_comparable, 'reason': american(reason)}
            order by printed_metric) as notes
    from dim_coalition
    inner join coalition_definition_notes as noted
        on noted.coalition_id in ('*', dim_coalition.coalition_id)
    group by all
)

select
    dim_coalition.*, slug(coalition_id) as slug,
    -- A page of documents alone would be an empty one to who looks for numbers.
    metrics is not null or members is not null as has_page,
    coalesce(members_count, 0) as members_count,
    coalesce(members, []) as members, coalesce(metrics, []) as metrics,
    coalesce(printed, []) as printed, coalesce(notes, []) as notes
from dim_coalition
left join histories using (coalition_id)
left join members using (coalition_id)
left join printed using (coalition_id)
left join notes using (coalition_id)
order by kind <> 'state_consortium', coalition_name;
