-- What a publisher printed anew: each version beside the one that follows it, as each
-- audience sees them.
with {{ marked_versions() }},

followed as (
    select
        audience,
        {{ cell_of() }},
        coalesce(school_name, lea_name) as school_name,
        version,
        visibility,
        valid_from as first_seen_at,
        valid_to as superseded_at,
        is_hidden,
        {%- for column in [
            'numerator', 'denominator', 'value_pct', 'value_low_pct', 'value_high_pct',
            'value_status', 'source_file', 'source_row', 'sha256',
        ] %}
    {{ column }} as old_{{ column }},
    lead({{ column }}) over cell as new_{{ column }}
    {%- if not loop.last %},{% endif %}
    {%- endfor %}
    from marked
    window cell as (
        partition by audience, {{ cell_of() }} order by version
    )
),

published as (
    select
        audience,
        {{ cell_of() }},
        school_name,
        cast(version as integer) as version,
        case
            when new_value_status = 'withdrawn' then 'withdrawn'
            when old_value_status = 'withdrawn' then 'returned'
            when old_source_file = new_source_file then 'restated'
            else 'restated_by_another_file'
        end as restatement,
        {{ version_values('old_') }},
        {{ version_values('new_') }},
        first_seen_at,
        superseded_at,
        old_source_file,
        old_source_row,
        old_sha256,
        new_source_file,
        new_source_row,
        new_sha256,
        visibility
    from followed
    where superseded_at is not null
)

select * replace (cast(school_year as integer) as school_year)
from published
