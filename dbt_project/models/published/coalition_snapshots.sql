-- The size of a coalition in a year and what is known of its students, pooled over
-- counts. A member without a value lowers the coverage and leaves the value alone. Who
-- keeps a list counts all who stand in it, also those that no file tells of.
with bridge as (
    select * from {{ ref('bridge_coalition_school') }}
),

listed as (
    select * from {{ ref('int_coalition_members_listed') }}
),

schools as (
    select * from {{ ref('dim_school') }}
),

head_counts as (
    select * from {{ ref('int_school_head_counts') }}
),

outcomes as (
    select * from {{ ref('coalition_outcomes') }}
    where metric_id in ('acgr_4yr', 'acgr_5yr') and student_group = 'all'
),

states as (
    select * from {{ ref('states') }}
),

years as (
    select school_year from {{ ref('coalition_outcomes') }}
    union
    select school_year from head_counts
),

members as (
    select
        listed.coalition_id,
        listed.school_key,
        years.school_year
    from listed
    inner join years
        on
            years.school_year between listed.first_year and coalesce(
                listed.last_year, 9999
            )
    union
    select
        bridge.coalition_id,
        bridge.school_key,
        years.school_year
    from bridge
    inner join schools
        on bridge.school_key = schools.school_key
    inner join years
        on
            years.school_year between schools.first_year and schools.last_year
            and bridge.first_year <= years.school_year
            and years.school_year <= coalesce(bridge.last_year, 9999)
    where bridge.coalition_id not in (select listed.coalition_id from listed)
),

region as (
    select
        schools.school_key,
        years.school_year
    from schools
    inner join states
        on schools.state = states.state and states.is_nessc
    inner join years
        on years.school_year between schools.first_year and schools.last_year
),

region_sizes as (
    select
        school_year,
        count(*) as region_count
    from region
    group by school_year
),

seen as (
    select
        members.*,
        audiences.audience,
        head_counts.students_count,
        head_counts.low_income_count,
        audiences.audience = 'public' and not head_counts.is_public as is_hidden
    from members
    cross join {{ audiences() }}
    left join head_counts
        on
            members.school_key = head_counts.school_key
            and members.school_year = head_counts.school_year
),

sizes as (
    select
        seen.audience,
        seen.coalition_id,
        seen.school_year,
        count(*) as members_count,
        count(region.school_key) as region_members_count,
        count(seen.students_count) filter (where not seen.is_hidden)
            as students_members_count,
        sum(seen.students_count) filter (where not seen.is_hidden)
            as students_count,
        count(seen.low_income_count) filter (where not seen.is_hidden)
            as low_income_members_count,
        sum(seen.low_income_count) filter (where not seen.is_hidden)
            as low_income_count,
        sum(seen.students_count) filter (
            where seen.low_income_count is not null and not seen.is_hidden
        ) as low_income_of_count,
        bool_or(seen.is_hidden) as has_hidden
    from seen
    left join region
        on
            seen.school_key = region.school_key
            and seen.school_year = region.school_year
    group by seen.audience, seen.coalition_id, seen.school_year
),

measured as (
    select
        audience,
        coalition_id,
        school_year,
        'schools' as measure,
        'schools' as unit,
        members_count as numerator,
        null as denominator,
        cast(members_count as double) as value,
        null as value_low,
        null as value_high,
        'reported' as value_status,
        members_count as members_reporting_count,
        members_count
    from sizes
    union all
    select
        audience,
        coalition_id,
        school_year,
        'students' as measure,
        'students' as unit,
        students_count as numerator,
        null as denominator,
        cast(students_count as double) as value,
        null as value_low,
        null as value_high,
        case
            when students_members_count > 0 then 'reported'
            when has_hidden then 'suppressed'
            else 'not_reported'
        end as value_status,
        students_members_count as members_reporting_count,
        members_count
    from sizes
    union all
    select
        audience,
        coalition_id,
        school_year,
        'low_income' as measure,
        'per cent' as unit,
        low_income_count as numerator,
        low_income_of_count as denominator,
        cast({{ pct_of_counts('low_income_count', 'low_income_of_count') }} as double)
            as value,
        null as value_low,
        null as value_high,
        case
            when low_income_members_count > 0 then 'reported'
            when has_hidden then 'suppressed'
            else 'not_reported'
        end as value_status,
        low_income_members_count as members_reporting_count,
        members_count
    from sizes
    {%- for metric in ['acgr_4yr', 'acgr_5yr'] %}
    union all
    select
        sizes.audience,
        sizes.coalition_id,
        sizes.school_year,
        '{{ metric }}' as measure,
        'per cent' as unit,
        outcomes.numerator,
        outcomes.denominator,
        outcomes.value_pct as value,
        outcomes.value_low_pct as value_low,
        outcomes.value_high_pct as value_high,
        coalesce(outcomes.value_status, 'not_reported') as value_status,
        coalesce(outcomes.members_reporting_count, 0) as members_reporting_count,
        sizes.members_count
    from sizes
    left join outcomes
        on
            sizes.audience = outcomes.audience
            and sizes.coalition_id = outcomes.coalition_id
            and sizes.school_year = outcomes.school_year
            and outcomes.metric_id = '{{ metric }}'
    {%- endfor %}
    union all
    select
        sizes.audience,
        sizes.coalition_id,
        sizes.school_year,
        'share_of_region' as measure,
        'per cent' as unit,
        sizes.region_members_count as numerator,
        region_sizes.region_count as denominator,
        cast({{ pct_of_counts(
            'sizes.region_members_count', 'region_sizes.region_count'
        ) }} as double) as value,
        null as value_low,
        null as value_high,
        'reported' as value_status,
        sizes.region_members_count as members_reporting_count,
        sizes.members_count
    from sizes
    inner join region_sizes
        on sizes.school_year = region_sizes.school_year
    where sizes.region_members_count > 0
),

published as (
    select
        audience,
        coalition_id,
        school_year,
        measure,
        unit,
        cast(numerator as bigint) as numerator,
        cast(denominator as bigint) as denominator,
        cast(value as double) as value,
        cast(value_low as double) as value_low,
        cast(value_high as double) as value_high,
        value_status,
        cast(members_reporting_count as bigint) as members_reporting_count,
        cast(members_count as bigint) as members_count,
        cast({{ pct_of_counts('members_reporting_count', 'members_count') }} as double)
            as coverage_pct
    from measured
)

select * from published
