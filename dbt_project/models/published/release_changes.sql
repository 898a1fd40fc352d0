-- What moved since the release before. The build cannot know: which release is the one
-- before is known when a release is written, and there the rows are put in
-- (plugins/common_metrics/publication/changes.sql, docs/decisions/0017). Here stand the
-- columns.
with columns as (
    select
        cast(null as varchar) as changed_table,
        cast(null as varchar) as level,
        cast(null as varchar) as state,
        cast(null as varchar) as school_key,
        cast(null as varchar) as school_name,
        cast(null as varchar) as coalition_id,
        cast(null as integer) as school_year,
        cast(null as varchar) as metric_id,
        cast(null as varchar) as student_group,
        cast(null as varchar) as provider,
        cast(null as varchar) as target_model,
        cast(null as varchar) as moved,
        cast(null as varchar) as old_status,
        cast(null as varchar) as new_status,
        {%- for column in ['old_low', 'old_high', 'new_low', 'new_high'] %}
        cast(null as double) as {{ column }},
        {%- endfor %}
        {%- for column in [
            'old_numerator', 'old_denominator', 'new_numerator', 'new_denominator',
        ] %}
        cast(null as bigint) as {{ column }},
        {%- endfor %}
        cast(null as varchar) as why,
        cast(null as varchar) as why_detail,
        cast(null as varchar) as old_sha256,
        cast(null as varchar) as new_sha256
)

select * from columns
where false
