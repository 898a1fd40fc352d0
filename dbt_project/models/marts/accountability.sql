-- Implementation beside outcomes, for each member of the League, school year and metric
-- with a goal: what the school does, how far it is from its target, and how it changed
-- beside comparable schools. Two things that stand in one row need not depend on each
-- other.
with members as (
    select * from {{ ref('int_coalition_members_listed') }}
    where coalition_id = 'league'
),

names as (
    select * from {{ ref('league_membership') }}
),

league_groups as (
    select * from {{ ref('int_league_groups') }}
),

milestones as (
    select * from {{ ref('implementation_milestones') }}
),

levers as (
    select * from {{ ref('levers_in_use') }}
),

coaching as (
    select * from {{ ref('coaching_days') }}
),

activities as (
    select * from {{ ref('int_league_activities') }}
),

movements as (
    select * from {{ ref('gbp_movements') }}
),

metrics as (
    select * from {{ ref('metrics') }}
    where has_targets
),

outcomes as (
    select * from {{ ref('int_outcomes_reconciled') }}
    where level = 'school' and is_preferred and student_group = 'all'
),

verdicts as (
    select * from {{ ref('int_school_verdicts') }}
    where
        student_group = 'all'
        and target_model in (
            select target_models.target_model
            from {{ ref('target_models') }} as target_models
            where target_models.is_default
        )
),

changes as (
    select * from {{ ref('int_comparison_changes') }}
),

strata as (
    select * from {{ ref('int_comparison_strata') }}
    where league_group = 'outside'
),

named as (
    select
        school_key,
        max(school_name) as school_name
    from names
    group by school_key
),

years as (
    select distinct cast(school_year as integer) as school_year
    from outcomes
    where source_file is not null
    union
    select distinct school_year from levers
),

in_years as (
    select distinct
        members.school_key,
        members.school_id_nces,
        members.state,
        years.school_year
    from members
    inner join years
        on
            years.school_year
            between members.first_year and coalesce(members.last_year, 9999)
),

levers_by_year as (
    select
        school_key,
        school_year,
        count(*) filter (where is_in_use) as levers_count,
        string_agg(lever, ', ' order by lever) filter (where is_in_use) as levers
    from levers
    group by school_key, school_year
),

coaching_by_year as (
    select
        school_key,
        school_year,
        sum(days) as coaching_days
    from coaching
    group by school_key, school_year
),

reached as (
    select
        in_years.school_key,
        in_years.school_year,
        -- Of two phases of one day the later one in the way of a school.
        max_by(milestones.phase, row(
            milestones.actual_date,
            list_position([
                'self_assessment', 'selected', 'preparation_year', 'launch',
                'implementing',
            ], milestones.phase),
            milestones.phase
        )) as phase
    from in_years
    inner join milestones
        on
            in_years.school_key = milestones.school_key
            and milestones.actual_date <= make_date(in_years.school_year, 6, 30)
    group by in_years.school_key, in_years.school_year
),

observed as (
    select
        in_years.*,
        metrics.metric_id,
        metrics.direction,
        coalesce(outcomes.value_status, 'not_reported') as value_status,
        outcomes.value_low_pct,
        outcomes.value_high_pct,
        case
            when outcomes.lowest_pct = outcomes.highest_pct then outcomes.lowest_pct
            else outcomes.value_pct
        end as value_pct,
        verdicts.verdict,
        case
            when verdicts.target_low_pct = verdicts.target_high_pct
                then verdicts.target_low_pct
        end as target_pct,
        changes.baseline_year,
        changes.change_points,
        strata.schools_count as comparable_schools_count,
        strata.change_points as comparable_change_points
    from in_years
    cross join metrics
    left join outcomes
        on
            in_years.school_key = outcomes.school_key
            and in_years.school_year = outcomes.school_year
            and metrics.metric_id = outcomes.metric_id
    left join verdicts
        on
            in_years.school_key = verdicts.school_key
            and in_years.school_year = verdicts.school_year
            and metrics.metric_id = verdicts.metric_id
    left join changes
        on
            in_years.school_key = changes.school_key
            and in_years.school_year = changes.school_year
            and metrics.metric_id = changes.metric_id
    left join strata
        on
            changes.stratum = strata.stratum
            and changes.school_year = strata.school_year
            and changes.metric_id = strata.metric_id
),

beside as (
    select
        observed.school_key,
        observed.school_id_nces,
        observed.state,
        named.school_name,
        observed.school_year,
        league_groups.league_group,
        reached.phase,
        case
            when levers_by_year.school_key is null then 'not_reported' else 'reported'
        end as levers_status,
        levers_by_year.levers_count,
        levers_by_year.levers,
        coalesce(
            coaching_by_year.coaching_days,
            case
                when
                    observed.school_year in (
                        select activities.school_year from activities
                    )
                    then 0
            end
        ) as coaching_days,
        movements.scores_up_count,
        movements.scores_same_count,
        movements.scores_down_count,
        observed.metric_id,
        observed.value_status,
        cast(observed.value_pct as double) as value_pct,
        cast(observed.value_low_pct as double) as value_low_pct,
        cast(observed.value_high_pct as double) as value_high_pct,
        observed.target_pct,
        observed.verdict,
        cast(
            case observed.direction
                when 'higher' then observed.value_pct - observed.target_pct
                else observed.target_pct - observed.value_pct
            end as double
        ) as beyond_target_points,
        observed.baseline_year,
        cast(observed.change_points as double) as change_points,
        coalesce(observed.comparable_schools_count, 0) as comparable_schools_count,
        cast(observed.comparable_change_points as double) as comparable_change_points,
        cast(observed.change_points - observed.comparable_change_points as double)
            as difference_points
    from observed
    inner join named
        on observed.school_key = named.school_key
    inner join league_groups
        on observed.school_key = league_groups.school_key
    left join reached
        on
            observed.school_key = reached.school_key
            and observed.school_year = reached.school_year
    left join levers_by_year
        on
            observed.school_key = levers_by_year.school_key
            and observed.school_year = levers_by_year.school_year
    left join coaching_by_year
        on
            observed.school_key = coaching_by_year.school_key
            and observed.school_year = coaching_by_year.school_year
    left join movements
        on
            observed.school_key = movements.school_key
            and observed.school_year = movements.school_year
)

select * from beside
