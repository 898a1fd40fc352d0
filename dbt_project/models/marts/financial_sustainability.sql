-- Does public money carry a school? Public revenue, that for one pupil times the
-- pupils, is to reach the goal's share of the operating cost by the due year after the
-- launch (seeds metric_goals, league_rules). Where the League lists a launch of the
-- school, the list wins over what the school states; a listed launch that has not come
-- is none. Of what a school states the newest counts. The verdict compares unrounded
-- dollars. The money is public; where a school has fewer pupils than its state lets a
-- number of students show, all amounts are hidden, since each follows from the others.
with finances as (
    {{ league_rows('finances', ['school_year']) }}
),

launches as (
    select * from {{ ref('implementation_milestones') }}
    where phase = 'launch'
),

goals as (
    select * from {{ ref('metric_goals') }}
    where metric_id = 'financial_sustainability' and is_current
),

closings as (
    {{ closings() }}
),

minimums as (
    select * from {{ ref('suppression_minimums') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
    where provider = 'league' and extract = 'finances'
),

stated as (
    select
        school_key,
        max_by(stated_launch_year, row(school_year, stated_launch_year))
            as newest_launch_year
    from finances
    where stated_launch_year is not null
    group by school_key
),

dated as (
    select
        finances.*,
        stated.newest_launch_year,
        goals.metric_id,
        goals.goal_pct,
        {{ league_rule('sustainability_due_year', 'integer') }} as due_year,
        case
            when launches.school_key is null then stated.newest_launch_year
            else {{ school_year_of('launches.actual_date') }}
        end as launch_year,
        case
            when launches.school_key is not null then 'milestones'
            when stated.school_key is not null then 'stated'
            else 'none'
        end as launch_basis,
        coalesce(finances.school_year >= closings.closed_year, false) as is_closed
    from finances
    cross join goals
    left join launches
        on finances.school_key = launches.school_key
    left join stated
        on finances.school_key = stated.school_key
    left join closings
        on finances.school_key = closings.school_key
),

measured as (
    select
        *,
        school_year - launch_year as years_since_launch,
        school_year
        - launch_year
        + {{ league_rule('sustainability_launch_counts_as', 'integer') }}
            as sustainability_year,
        per_pupil_revenue * cast(enrollment_count as decimal(5, 0)) as public_revenue
    from dated
),

reasoned as (
    select
        *,
        case
            when is_closed then 'closed'
            when launch_basis = 'none' then 'launch_unknown'
            when launch_year is null then 'not_launched'
            when years_since_launch < 0 then 'before_launch'
            when value_status = 'not_reported' then 'not_reported'
            when 100 * public_revenue >= goal_pct * operating_cost then 'covered'
            when sustainability_year < due_year then 'before_due_year'
            else 'due'
        end as reason
    from measured
),

judged as (
    select
        school_key,
        school_id_nces,
        state,
        known_name as school_name,
        cast(school_year as integer) as school_year,
        metric_id,
        launch_year,
        launch_basis,
        newest_launch_year as stated_launch_year,
        cast(years_since_launch as integer) as years_since_launch,
        cast(sustainability_year as integer) as sustainability_year,
        due_year,
        value_status,
        per_pupil_revenue,
        enrollment_count,
        public_revenue,
        operating_cost,
        cast(100 * public_revenue / operating_cost as double) as value_pct,
        cast(goal_pct as double) as goal_pct,
        case reason
            when 'covered' then 'met'
            when 'due' then 'below'
            when 'before_due_year' then 'not_yet_due'
            when 'not_reported' then 'not_reported'
            when 'launch_unknown' then 'unknown'
            else 'not_applicable'
        end as verdict,
        case reason when 'covered' then true when 'due' then false end
            as meets_year_four_goal,
        reason,
        source_file,
        source_row,
        delivery
    from reasoned
),

seen as (
    select
        judged.*,
        audiences.audience,
        contracts.visibility,
        audiences.audience = 'public'
        and coalesce(
            contracts.visibility <> 'public'
            and judged.enrollment_count
            < coalesce(minimums.min_denominator, strictest.min_denominator),
            false
        ) as is_hidden
    from judged
    cross join {{ audiences() }}
    cross join contracts
    inner join minimums as strictest
        on strictest.state = '*'
    left join minimums
        on judged.state = minimums.state
),

shown as (
    select
        audience,
        school_key,
        school_id_nces,
        state,
        school_name,
        school_year,
        metric_id,
        launch_year,
        launch_basis,
        stated_launch_year,
        years_since_launch,
        sustainability_year,
        due_year,
        {{ suppressed('value_status') }},
        {%- for amount in [
            'per_pupil_revenue', 'enrollment_count', 'public_revenue', 'operating_cost',
            'value_pct',
        ] %}
        {{ hide(amount) }},
        {%- endfor %}
        goal_pct,
        {{ suppressed('verdict') }},
        {{ hide('meets_year_four_goal') }},
        case when is_hidden then 'few_pupils' else reason end as reason,
        {{ source_columns() }}
    from seen
)

select * from shown
