-- Every outcome with the time in which it was the newest: what stands in the outcome
-- tables today, and beside it what was replaced. A number has its time from the receipt
-- of its file; one without a file (computed, or a year that did not come) is of now,
-- and its time begins with the newest delivery.
with of_schools as (
    select * from {{ as_seen_by('partner', 'school_outcomes') }}
),

of_leas as (
    select * from {{ as_seen_by('partner', 'lea_outcomes') }}
),

of_states as (
    select * from {{ as_seen_by('partner', 'state_outcomes') }}
),

receipts as (
    select * from {{ as_seen_by('partner', 'deliveries') }}
),

versions as (
    select * from {{ as_seen_by('partner', 'outcome_versions') }}
),

held as (
    select
        'school' as level,
        school_key,
        school_name,
        * exclude (school_key, school_name)
    from of_schools
    union all by name
    select
        'lea' as level,
        lea_key as school_key,
        lea_name as school_name,
        * exclude (lea_key, lea_name)
    from of_leas
    union all by name
    select
        'state' as level,
        *
    from of_states
),

newest as (
    select max(landed_at) as landed_at
    from receipts
    where status = 'validated'
),

current_ones as (
    select
        held.provider,
        held.extract,
        held.level,
        held.state,
        held.school_key,
        held.school_name,
        held.school_year,
        held.metric_id,
        held.student_group,
        held.numerator,
        held.denominator,
        held.value_pct,
        held.value_low_pct,
        held.value_high_pct,
        held.value_status,
        held.definition_id,
        held.visibility,
        held.source_file,
        held.source_row,
        coalesce(version.sha256, receipt.sha256) as sha256,
        coalesce(version.valid_from, receipt.landed_at, newest.landed_at) as valid_from,
        version.valid_to
    from held
    left join receipts as receipt
        on
            held.provider = receipt.provider
            and held.extract = receipt.extract
            and held.source_file = receipt.file
            and held.delivery = left(receipt.sha256, 8)
    left join versions as version
        on
            version.valid_to is null
            and held.provider = version.provider
            and held.level = version.level
            and held.state = version.state
            and held.school_key is not distinct from version.school_key
            and held.school_year = version.school_year
            and held.metric_id = version.metric_id
            and held.student_group = version.student_group
    -- Last: DuckDB 1.5.5 exports a cross join before a left join as a comma.
    cross join newest
),

with_replaced as (
    select * from current_ones
    union all by name
    select * exclude (version)
    from versions
    where valid_to is not null and value_status <> 'withdrawn'
)

select * from with_replaced
