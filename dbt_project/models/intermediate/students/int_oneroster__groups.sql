with rosters as (
    select * from {{ ref('int_oneroster__rosters') }}
),

users as (
    {{ current_rows('stg_oneroster__users') }}
),

demographics as (
    {{ current_rows('stg_oneroster__demographics') }}
),

-- Demographics know no year: they are of the years in which the set has the student.
described as (
    select
        demographics.*,
        rosters.state,
        rosters.student_key,
        rosters.school_year,
        rosters.begin_date as entry_date,
    from rosters
    inner join users
        on
            regexp_replace(rosters.source_file, '[^/]*$', '') = users.roster_set
            and rosters.student_key = users.student_key
    inner join demographics
        on
            users.roster_set = demographics.roster_set
            and users.sourced_id = demographics.sourced_id
    where coalesce(demographics.status, '') <> 'tobedeleted'
),

-- Federal rule: Hispanic first; two or more races may be said by a flag of its own.
said as (
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        case
            when not is_hispanic and is_two_or_more then 'two_or_more'
            else {{ race_group() }}
        end as student_group,
        entry_date,
        source_file,
        source_row,
        delivery,
    from described
    union all
    select
        provider,
        extract,
        state,
        student_key,
        school_year,
        sex as student_group,
        entry_date,
        source_file,
        source_row,
        delivery,
    from described
    where sex in ('female', 'male')
),

{{ one_group_a_category('said') }}

select * from chosen
