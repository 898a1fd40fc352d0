-- The same for everyone. The money is public; where a school has fewer pupils than its
-- state lets a number of students show, all amounts are hidden, since each follows from
-- the others.
with sustainability as (
    select * from {{ ref('financial_sustainability') }}
),

minimums as (
    select * from {{ ref('suppression_minimums') }}
),

contracts as (
    select * from {{ ref('stg_lake__contracts') }}
    where provider = 'league' and extract = 'finances'
),

ruled as (
    select
        sustainability.*,
        contracts.visibility,
        coalesce(
            contracts.visibility <> 'public'
            and sustainability.enrollment_count
            < coalesce(minimums.min_denominator, strictest.min_denominator),
            false
        ) as is_hidden
    from sustainability
    cross join contracts
    inner join minimums as strictest
        on strictest.state = '*'
    left join minimums
        on sustainability.state = minimums.state
),

shown as (
    select
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
        case when is_hidden then 'suppressed' else value_status end as value_status,
        {%- for amount in [
            'per_pupil_revenue', 'enrollment_count', 'public_revenue', 'operating_cost',
            'value_pct',
        ] %}
        case when not is_hidden then {{ amount }} end as {{ amount }},
        {%- endfor %}
        goal_pct,
        case when is_hidden then 'suppressed' else verdict end as verdict,
        case when not is_hidden then meets_year_four_goal end as meets_year_four_goal,
        case when is_hidden then 'few_pupils' else reason end as reason,
        {{ source_columns(true) }}
    from ruled
)

select * from shown
