-- One row a school, with all that its page says, nested: its metrics, their years and
-- groups, and its sources. Each published table is read once for all schools.
with numbered as (
    select
        *,
        dense_rank() over (
            partition by school_key
            order by source_file nulls last, delivery, visibility, provider
        ) as source
    from points
    semi join shown_schools using (school_key)
    where student_group = 'all'
),

used as (
    select
        school_key, source, source_file, visibility, delivery, provider,
        min(school_year) as first_year, max(school_year) as last_year
    from numbered
    where source_file is not null
    group by all
),

sources as (
    select
        school_key,
        list({
            'source': source, 'file': source_file, 'visibility': visibility,
            'provider': provider, 'first_year': first_year, 'last_year': last_year,
            'sha256': sha256, 'landed_at': landed_at
        } order by source) as sources
    from used
    left join (
        select file as source_file, delivery, any_value(sha256) as sha256,
            min(landed_at)::date as landed_at
        from deliveries
        group by all
    ) using (source_file, delivery)
    group by all
),

seen as (
    select school_key, metric_id, min(school_year) filter (has_figure) as first_year,
        max(school_year) filter (has_figure) as last_year,
        max(school_year) as seen_until
    from (
        select *, value_status in ('reported', 'range', 'suppressed') as has_figure
        from numbered
    )
    where is_preferred
    group by all
    having last_year is not null
),

aimed as (
    select school_key, metric_id, min(baseline_year) as first_year,
        max(school_year) as last_year, any_value(baseline_year) as baseline_year,
        any_value(start_low_pct) as start_low_pct,
        any_value(start_high_pct) as start_high_pct
    from paths
    where student_group = 'all' and compounding_low_pct is not null
    group by all
),

years as (
    select
        school_key, metric_id, seen_until, baseline_year,
        start_low_pct, start_high_pct,
        unnest(generate_series(
            least(seen.first_year, aimed.first_year),
            greatest(seen.last_year, aimed.last_year)
        )) as school_year
    from seen
    left join aimed using (school_key, metric_id)
),

-- What another publisher prints of the same students stands beside, never averaged.
others as (
    select school_key, metric_id, school_year,
        list({'words': words, 'source': source, 'row': source_row,
            'provider': provider, 'visibility': visibility}) as others
    from numbered
    where not is_preferred and value_status in ('reported', 'range')
    group by all
),

described as (
    select
        years.*, state, value_pct, value_low_pct, value_high_pct, numerator,
        denominator, provider, visibility, value_status, source, source_row as row,
        source_sheet as sheet, source_file is not null as has_source,
        years.school_year > seen_until as is_ahead,
        coalesce(mark, 'none') as mark,
        coalesce(words, if(is_ahead, 'Not delivered yet', why), 'No figure delivered')
            as words,
        if(years.school_year = baseline_year, start_low_pct, compounding_low_pct)
            as compounding_low_pct,
        if(years.school_year = baseline_year, start_high_pct, compounding_high_pct)
            as compounding_high_pct,
        if(years.school_year = baseline_year, start_low_pct, linear_low_pct)
            as linear_low_pct,
        if(years.school_year = baseline_year, start_high_pct, linear_high_pct)
            as linear_high_pct,
        is_override, interval_low_pct, interval_high_pct, compounding, linear, others,
        compounding_reached, linear_reached, compounding_firmness, linear_firmness,
        students_count
    from years
    inner join shown_schools using (school_key)
    left join (from numbered where is_preferred) as held
        using (school_key, metric_id, school_year)
    left join (
        select * exclude (baseline_year, start_low_pct, start_high_pct)
        from paths
        where student_group = 'all'
    ) as paths using (school_key, metric_id, school_year)
    left join (select * exclude (state) from verdicts where student_group = 'all')
        as verdicts using (school_key, metric_id, school_year)
    left join dues using (state, metric_id, school_year)
    left join others using (school_key, metric_id, school_year)
),

histories as (
    select
        school_key, metric_id,
        any_value(baseline_year) as baseline_year,
        list({
            'school_year': school_year, 'words': words, 'mark': mark,
            'value_pct': value_pct, 'value_low_pct': value_low_pct,
            'value_high_pct': value_high_pct, 'value_status': value_status,
            'numerator': numerator, 'denominator': denominator, 'provider': provider,
            'visibility': visibility, 'source': source, 'row': row, 'sheet': sheet,
            'has_source': has_source, 'is_ahead': is_ahead,
            'compounding_low_pct': compounding_low_pct,
            'compounding_high_pct': compounding_high_pct,
            'linear_low_pct': linear_low_pct, 'linear_high_pct': linear_high_pct,
            'compounding_words': span(compounding_low_pct, compounding_high_pct),
            'linear_words': span(linear_low_pct, linear_high_pct),
            'interval_low_pct': interval_low_pct,
            'interval_high_pct': interval_high_pct,
            'interval_words': span(interval_low_pct, interval_high_pct),
            'compounding': compounding, 'linear': linear,
            'compounding_reached': compounding_reached,
            'linear_reached': linear_reached,
            'compounding_firmness': compounding_firmness,
            'linear_firmness': linear_firmness, 'students_count': students_count,
            'is_override': is_override, 'others': others
        } order by school_year) as years
    from described
    group by all
),

-- All groups of one year, the newest in which a group has a rate.
grouped as (
    select *
    from points
    semi join shown_schools using (school_key)
    semi join (from dim_metric where has_targets) using (metric_id)
    where is_preferred and student_group <> 'all'
        and value_status in ('reported', 'range', 'suppressed')
    qualify school_year = max(school_year) filter (value_status <> 'suppressed') over (
        partition by school_key, metric_id
    )
),

gaps as (
    from group_gaps
    semi join shown_states using (state)
    where is_preferred
),

groups as (
    select
        school_key, metric_id,
        list({
            'label': dim_student_group.label, 'school_year': school_year,
            'words': words, 'mark': mark, 'value_pct': value_pct,
            'value_low_pct': value_low_pct, 'value_high_pct': value_high_pct,
            'denominator': denominator,
            'compounding_words': span(compounding_low_pct, compounding_high_pct),
            'linear_words': span(linear_low_pct, linear_high_pct),
            'compounding': compounding, 'linear': linear,
            'gap': gap, 'than': complement.label,
            'gap_words': case
                when gap is null then ''
                when gap_low_points is null then null
                when round(gap_low_points, 1) = round(gap_high_points, 1)
                    then format('{:.1f}', abs(round(gap_low_points, 1))) || ' points'
                when gap_low_points >= 0 then digits(gap_low_points) || ' to '
                    || digits(gap_high_points) || ' points'
                when gap_high_points <= 0 then digits(-gap_high_points) || ' to '
                    || digits(-gap_low_points) || ' points'
                else digits(-gap_low_points) || ' points lower to '
                    || digits(gap_high_points) || ' points higher'
            end
        } order by dim_student_group.sort_order) as groups
    from grouped
    inner join dim_student_group using (student_group)
    left join paths using (school_key, metric_id, student_group, school_year)
    left join (select * exclude (state) from verdicts) as verdicts
        using (school_key, metric_id, student_group, school_year)
    left join (
        select school_key, metric_id, student_group, school_year, complement_group,
            gap, gap_low_points, gap_high_points
        from gaps
    ) as gaps using (school_key, metric_id, student_group, school_year)
    left join dim_student_group as complement
        on complement.student_group = gaps.complement_group
    group by all
),

targetless as (
    select school_key, metric_id, min(reason) as reason
    from target_coverage
    semi join shown_states using (state)
    where student_group = 'all' and reason <> 'target'
    group by all
    union all
    select school_key, metric_id, 'suppressed_baseline' as reason
    from paths
    where student_group = 'all'
    group by all
    having max(compounding_low_pct) is null
),

outlooks as (
    select school_key, metric_id, outlook, outlook_reason, goal_year,
        last_target_year as last_year
    from school_outlook
    where student_group = 'all'
),

measured as (
    select
        school_key,
        list({
            'metric_id': metric_id, 'slug': metric.slug, 'label': label,
            'direction': direction, 'goal_pct': goal_pct, 'goal_words': goal_words,
            'has_targets': has_targets, 'is_core': is_core,
            'is_of_class': is_of_class, 'numerator_definition': numerator_definition,
            'denominator_definition': denominator_definition,
            'baseline_year': baseline_year, 'years': years, 'groups': groups,
            'no_target_reason': reason, 'outlook': outlook,
            'outlook_reason': outlook_reason,
            'goal_year': goal_year, 'last_target_year': outlooks.last_year
        } order by place) as metrics
    from histories
    inner join shown_metrics as metric using (metric_id)
    left join groups using (school_key, metric_id)
    left join (
        select school_key, metric_id, max(reason) as reason from targetless group by all
    ) as targetless using (school_key, metric_id)
    left join outlooks using (school_key, metric_id)
    group by all
),

joined as (
    select school_key,
        list({'name': coalition_name, 'slug': slug(coalition_id),
            'first_year': first_year, 'last_year': last_year}
            order by coalition_name) as coalitions
    from bridge_coalition_school
    inner join dim_coalition using (coalition_id)
    where coalition_id <> 'nessc'
    group by all
)

select shown_schools.*, metrics, coalesce(sources, []) as sources, coalitions
from shown_schools
inner join measured using (school_key)
left join sources using (school_key)
left join joined using (school_key)
order by state, school_name, school_key;
