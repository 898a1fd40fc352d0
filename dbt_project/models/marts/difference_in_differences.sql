-- How much a group of the League changed since the baseline year, how much comparable
-- schools outside it changed, and the difference. Within each stratum counts are
-- pooled; strata are weighted by the group's students of the year; a stratum without a
-- school outside is left out and said. It describes and explains nothing.
with strata as (
    select * from {{ ref('int_comparison_strata') }}
),

changes as (
    select * from {{ ref('int_comparison_changes') }}
),

league_groups as (
    select * from {{ ref('int_league_groups') }}
),

metrics as (
    select * from {{ ref('metrics') }}
),

plans as (
    select * from {{ ref('cohort_plans') }}
),

caveats as (
    select * from {{ ref('comparison_caveats') }}
),

group_sizes as (
    select
        league_group,
        cohort,
        count(*) as schools_count
    from league_groups
    group by league_group, cohort
),

years as (
    select distinct
        metric_id,
        school_year,
        baseline_year
    from changes
),

counted as (
    select
        league_group,
        metric_id,
        school_year,
        count(*) as schools_with_counts_count
    from changes
    group by league_group, metric_id, school_year
),

paired as (
    select
        inside.league_group,
        inside.metric_id,
        inside.school_year,
        inside.schools_count as inside_schools,
        outside.schools_count as outside_schools,
        inside.denominator as weight,
        outside.denominator as outside_students,
        inside.change_points as inside_change,
        outside.change_points as outside_change,
        inside.variance + outside.variance as variance,
        least(inside.smallest_count, outside.smallest_count) as smallest_count
    from strata as inside
    inner join strata as outside
        on
            inside.metric_id = outside.metric_id
            and inside.school_year = outside.school_year
            and inside.stratum = outside.stratum
            and outside.league_group = 'outside'
    where inside.league_group <> 'outside'
),

-- Decimals: a sum of doubles depends on the order of its rows.
summed as (
    select
        league_group,
        metric_id,
        school_year,
        count(*) as strata_count,
        sum(inside_schools) as compared_schools_count,
        sum(outside_schools) as comparison_schools_count,
        sum(weight) as students_count,
        sum(outside_students) as comparison_students_count,
        min(smallest_count) as smallest_count,
        sum(cast(weight as decimal(20, 0)) * inside_change) as inside_sum,
        sum(cast(weight as decimal(20, 0)) * outside_change) as outside_sum,
        sum(
            cast(
                cast(weight as double) * weight * cast(variance as double)
                as decimal(38, 6)
            )
        ) as variance_sum
    from paired
    group by league_group, metric_id, school_year
),

weighted as (
    select
        group_sizes.league_group,
        years.metric_id,
        metrics.direction,
        years.school_year,
        years.baseline_year,
        years.school_year - plans.actual_launch_year as years_since_launch,
        case
            when plans.actual_launch_year is null then 'no_launch'
            when years.school_year < plans.actual_launch_year then 'before_launch'
            else 'since_launch'
        end as period,
        group_sizes.schools_count,
        coalesce(counted.schools_with_counts_count, 0) as schools_with_counts_count,
        coalesce(summed.compared_schools_count, 0) as compared_schools_count,
        coalesce(summed.comparison_schools_count, 0) as comparison_schools_count,
        coalesce(summed.strata_count, 0) as strata_count,
        summed.students_count,
        summed.comparison_students_count,
        cast(summed.inside_sum as double) / summed.students_count
            as group_change_points,
        cast(summed.outside_sum as double) / summed.students_count
            as comparison_change_points,
        cast(summed.inside_sum - summed.outside_sum as double) / summed.students_count
            as difference_points,
        sqrt(cast(summed.variance_sum as double)) / summed.students_count
            as standard_error_points,
        summed.smallest_count
        < {{ league_rule('comparison_weak_below', 'integer') }} as is_weak,
        {{ league_rule('comparison_z', 'double') }} as z
    from group_sizes
    cross join years
    inner join metrics
        on years.metric_id = metrics.metric_id
    left join plans
        on group_sizes.cohort = plans.cohort
    left join counted
        on
            group_sizes.league_group = counted.league_group
            and years.metric_id = counted.metric_id
            and years.school_year = counted.school_year
    left join summed
        on
            group_sizes.league_group = summed.league_group
            and years.metric_id = summed.metric_id
            and years.school_year = summed.school_year
),

said as (
    select
        weighted.league_group,
        weighted.metric_id,
        weighted.school_year,
        string_agg(caveats.text, ' ' order by caveats.sort_order, caveats.text)
            as caveats
    from weighted
    inner join caveats
        on
            caveats.applies_to in ('every', weighted.period)
            or (caveats.applies_to = 'weak' and weighted.is_weak)
            or (
                caveats.applies_to = 'left_out'
                and weighted.compared_schools_count < weighted.schools_count
            )
    group by weighted.league_group, weighted.metric_id, weighted.school_year
),

compared as (
    select
        weighted.league_group,
        weighted.metric_id,
        weighted.direction,
        weighted.school_year,
        weighted.baseline_year,
        weighted.period,
        cast(weighted.years_since_launch as integer) as years_since_launch,
        case
            when weighted.compared_schools_count > 0 then 'compared'
            when weighted.schools_with_counts_count > 0 then 'no_comparable_school'
            else 'no_counts'
        end as comparison_status,
        weighted.group_change_points,
        weighted.comparison_change_points,
        weighted.difference_points,
        weighted.standard_error_points,
        weighted.difference_points - weighted.z * weighted.standard_error_points
            as interval_low_points,
        weighted.difference_points + weighted.z * weighted.standard_error_points
            as interval_high_points,
        weighted.schools_count,
        weighted.schools_with_counts_count,
        cast(weighted.compared_schools_count as bigint) as compared_schools_count,
        cast(weighted.comparison_schools_count as bigint) as comparison_schools_count,
        weighted.strata_count,
        cast(weighted.students_count as bigint) as students_count,
        cast(weighted.comparison_students_count as bigint)
            as comparison_students_count,
        weighted.is_weak,
        said.caveats
    from weighted
    inner join said
        on
            weighted.league_group = said.league_group
            and weighted.metric_id = said.metric_id
            and weighted.school_year = said.school_year
)

select * from compared
