-- Graduates and members of cohorts, once for each postsecondary metric that they are
-- counted in. Two readings of the denominator: graduates, and the whole cohort.
with graduates as (
    select * from {{ ref('int_graduates') }}
),

colleges as (
    select * from {{ ref('int_graduate_colleges') }}
),

windows as (
    select * from {{ ref('int_college_windows') }}
),

cohorts as (
    select * from {{ ref('int_cohort_outcomes') }}
    where horizon_years = 4
),

rules as (
    select * from {{ ref('int_state_rules') }}
),

students_set_aside as (
    select * from {{ ref('int_students_set_aside') }}
),

measures as (
    select named.measure
    from (values ('first_fall'), ('12m'), ('16m')) as named (measure)
),

-- By the rule: all graduates of the school year, or those who graduated on time.
chosen as (
    select graduates.*
    from graduates
    inner join rules
        on graduates.state = rules.state
    left join cohorts
        on
            graduates.state = cohorts.state
            and graduates.student_key = cohorts.student_key
            and graduates.class_year = cohorts.cohort_year
            and cohorts.outcome = 'graduate'
    where rules.college_graduates = 'year' or cohorts.student_key is not null
),

among_graduates as (
    select
        case colleges.measure
            when 'persistence' then 'pse_persistence'
            when 'completion' then 'pse_completion_6yr'
            else 'pse_' || colleges.measure || '_graduates'
        end as metric_id,
        colleges.measure,
        chosen.state,
        chosen.lea_id_state,
        chosen.school_id_state,
        chosen.class_year as school_year,
        chosen.student_key,
        chosen.first_school_year as first_year,
        chosen.class_year as last_year,
        colleges.is_met,
        true as is_school_observed,
        chosen.is_statewide,
        chosen.origin
    from chosen
    inner join colleges
        on
            chosen.state = colleges.state
            and chosen.student_key = colleges.student_key
            and colleges.is_counted
),

among_cohorts as (
    select
        'pse_' || measures.measure || '_cohort' as metric_id,
        measures.measure,
        cohorts.state,
        cohorts.lea_id_state,
        cohorts.school_id_state,
        cohorts.cohort_year as school_year,
        cohorts.student_key,
        cohorts.first_school_year as first_year,
        cohorts.horizon_school_year as last_year,
        coalesce(cohorts.outcome = 'graduate' and colleges.is_met, false) as is_met,
        cohorts.is_school_observed,
        cohorts.is_statewide,
        cohorts.origin
    from cohorts
    cross join measures
    left join colleges
        on
            cohorts.state = colleges.state
            and cohorts.student_key = colleges.student_key
            and measures.measure = colleges.measure
),

together as (
    select * from among_graduates
    union all
    select * from among_cohorts
),

-- Of whom a row of college records was set aside, nobody knows whether they enrolled.
whole as (
    select together.*
    from together
    anti join students_set_aside
        on
            together.state = students_set_aside.state
            and together.student_key = students_set_aside.student_key
            and students_set_aside.records = 'college'
),

state_windows as (
    select distinct
        state,
        class_year,
        measure,
        is_closed_statewide,
        state_origin
    from windows
),

cases as (
    select
        'postsecondary' as extract,
        whole.metric_id,
        whole.state,
        whole.lea_id_state,
        whole.school_id_state,
        whole.school_year,
        whole.student_key,
        whole.first_year,
        whole.last_year,
        cast(whole.is_met as integer) as numerator,
        1 as denominator,
        coalesce(windows.is_closed and whole.is_school_observed, false)
            as is_school_case,
        whole.is_statewide and state_windows.is_closed_statewide as is_state_case,
        whole.origin || ', ' || state_windows.state_origin as origin
    from whole
    inner join state_windows
        on
            whole.state = state_windows.state
            and whole.school_year = state_windows.class_year
            and whole.measure = state_windows.measure
    left join windows
        on
            whole.state = windows.state
            and whole.school_id_state = windows.school_id_state
            and whole.school_year = windows.class_year
            and whole.measure = windows.measure
)

select * from cases
