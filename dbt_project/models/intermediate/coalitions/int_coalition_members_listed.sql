-- Members of a coalition that keeps a list with dates. A school is a member in the
-- school years in which it was one on the day of the rule, 1 October unless
-- league_rules says otherwise; a membership over no such day makes no year. Rows that
-- overlap are one membership: a school is a member once a year. Schools that nothing
-- else tells of are members too.
with memberships as (
    select * from {{ ref('int_league_members') }}
),

counted as (
    select
        *,
        make_date(
            year(first_day),
            {{ league_rule('membership_month', 'integer') }},
            {{ league_rule('membership_day', 'integer') }}
        ) as first_count,
        make_date(
            year(last_day),
            {{ league_rule('membership_month', 'integer') }},
            {{ league_rule('membership_day', 'integer') }}
        ) as last_count
    from memberships
),

-- The count of a calendar year's fall is of the school year that ends in the next one.
in_years as (
    select
        'league' as coalition_id,
        school_key,
        school_id_nces,
        state,
        cast(
            year(first_day) + 1 + case when first_day > first_count then 1 else 0 end
            as integer
        ) as first_year,
        cast(
            year(last_day) + 1 - case when last_day < last_count then 1 else 0 end
            as integer
        ) as last_year,
        source
    from counted
),

followed as (
    select
        *,
        coalesce(
            first_year > max(coalesce(last_year, 9999)) over (
                partition by school_key
                order by first_year asc, last_year desc nulls first, source asc
                rows between unbounded preceding and 1 preceding
            ),
            true
        ) as is_new
    from in_years
    where last_year is null or last_year >= first_year
),

numbered as (
    select
        *,
        count_if(is_new) over (
            partition by school_key
            order by first_year asc, last_year desc nulls first, source asc
        ) as membership
    from followed
),

members as (
    select
        coalition_id,
        school_key,
        school_id_nces,
        state,
        min(first_year) as first_year,
        nullif(max(coalesce(last_year, 9999)), 9999) as last_year,
        string_agg(distinct source, '; ' order by source) as source
    from numbered
    group by coalition_id, school_key, school_id_nces, state, membership
)

select * from members
