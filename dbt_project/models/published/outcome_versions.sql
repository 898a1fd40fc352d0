-- Each version of an outcome, as each audience sees it.
with {{ marked_versions() }},

published as (
    select
        audience,
        provider,
        extract,
        level,
        state,
        school_key,
        coalesce(school_name, lea_name) as school_name,
        cast(school_year as integer) as school_year,
        metric_id,
        student_group,
        cast(version as integer) as version,
        {{ version_values() }},
        definition_id,
        visibility,
        source_file,
        source_row,
        sha256,
        valid_from,
        valid_to
    from marked
)

select * from published
