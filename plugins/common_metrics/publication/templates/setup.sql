-- What all pages share, made once from each published table. Words are made here, so
-- that a page, a letter and a chart never say different things of one number.
create temp macro digits(value) as format('{:g}', round(value, 1));

-- The federal file prints whole per cents, the states one decimal.
create temp macro printed(value, provider) as
    if(provider = 'us', digits(value), format('{:.1f}', round(value, 1)));

-- What describes the tables is spelled as American readers spell it; the tables keep it.
create temp macro american(words) as replace(replace(replace(
    words, 'per cent', 'percent'), 'enrolment', 'enrollment'), 'programme', 'program');

-- Both ends of a range have a decimal, or neither has.
create temp macro ends(low, high) as if(
    round(low, 1) = round(low) and round(high, 1) = round(high),
    digits(low) || ' to ' || digits(high) || '%',
    format('{:.1f} to {:.1f}%', round(low, 1), round(high, 1))
);

create temp macro span(low, high) as case
    when round(low, 1) = round(high, 1) then format('{:.1f}%', round(low, 1))
    else ends(low, high)
end;

create temp macro rate_words(pct, low, high, status, provider) as case
    when pct is not null then printed(pct, provider) || '%'
    when low is not null then ends(low, high)
    when status = 'suppressed' then 'Not shown, to protect students in small groups'
    when status = 'not_applicable' then 'No such students'
    when status = 'not_yet_observed' then 'Not known yet'
    else 'Not reported'
end;

-- How a chart marks it. Below 50 students one more or less moves a rate by two points
-- or more, so the mark is left open; so it is where nobody printed how many they are.
create temp macro mark(pct, low, denominator, status) as case
    when pct is not null and denominator >= 50 then 'solid'
    when pct is not null then 'open'
    when low is not null then 'band'
    when status = 'suppressed' then 'hidden'
    when status = 'not_applicable' then 'n/a'
    else 'none'
end;

-- A page is named by its key: a key of other signs is cleaned and told apart by a digest.
create temp macro slug(key) as if(
    regexp_full_match(key, '[A-Za-z0-9_-]{1,60}'),
    key,
    left(regexp_replace(key, '[^A-Za-z0-9_-]+', '-', 'g'), 40) || '-' || left(md5(key), 8)
);

create temp macro in_title_case(name) as if(
    name = upper(name),
    array_to_string(
        [upper(word[1]) || lower(word[2:]) for word in string_split(name, ' ')], ' '
    ),
    name
);

create temp table shown_states as
from (
    values ('CT', 'Connecticut'), ('ME', 'Maine'), ('NH', 'New Hampshire'),
        ('RI', 'Rhode Island'), ('VT', 'Vermont')
) as named (state, state_name);

-- The consortium's own metrics come first: what has both a goal and targets. Of these
-- the tests of college readiness come last, since two of them say one thing.
create temp table shown_metrics as
select
    * replace (
        american(label) as label,
        american(numerator_definition) as numerator_definition,
        american(denominator_definition) as denominator_definition
    ),
    slug(metric_id) as slug,
    has_targets and goal_pct is not null as is_core,
    -- Of a class of students, or else of all who were at school in a school year.
    horizon_years is not null or regexp_matches(
        lower(denominator_definition), 'cohort|class|graduates|completers'
    ) as is_of_class,
    row_number() over (
        order by not is_core, metric_id like 'college_ready%', not has_targets,
            not is_of_high_schools, metric_id
    ) as place,
    if(direction = 'higher', 'at least ', 'at most ') || digits(goal_pct) || '%'
        as goal_words
from dim_metric;

create temp table points as
select
    school_key, metric_id, student_group, school_year, value_pct, value_low_pct,
    value_high_pct, value_status, numerator, denominator, provider, extract,
    visibility, is_preferred, source_file, source_sheet, source_row, delivery,
    rate_words(value_pct, value_low_pct, value_high_pct, value_status, provider)
        as words,
    mark(value_pct, value_low_pct, denominator, value_status) as mark
from school_outcomes
semi join shown_states using (state);

-- A page is drawn from rates of all students; who has rates of groups alone has none.
create temp table shown_schools as
select
    school_key, state, state_name, school_id_nces, school_id_state, first_year,
    last_year, is_active, slug(school_key) as slug,
    coalesce(nullif(trim(school_name), ''), 'School ' || school_key) as school_name,
    in_title_case(lea_name) as lea_name
from dim_school
inner join shown_states using (state)
where school_key in (
    select school_key from points
    inner join dim_metric using (metric_id)
    where is_of_high_schools and student_group = 'all' and is_preferred
        and value_status in ('reported', 'range', 'suppressed')
);

-- One row a target and year, both readings side by side. A school that closed has
-- nothing before it.
create temp table paths as
select
    school_key, metric_id, student_group, school_year,
    any_value(baseline_year) as baseline_year,
    bool_or(is_override) as is_override,
    round(max(target_low_pct) filter (target_model = 'compounding'), 4)::double
        as compounding_low_pct,
    round(max(target_high_pct) filter (target_model = 'compounding'), 4)::double
        as compounding_high_pct,
    round(max(target_low_pct) filter (target_model = 'linear'), 4)::double
        as linear_low_pct,
    round(max(target_high_pct) filter (target_model = 'linear'), 4)::double
        as linear_high_pct,
    any_value(if(direction = 'higher', 100 - baseline_not_meeting_high_pct,
        baseline_not_meeting_low_pct))::double as start_low_pct,
    any_value(if(direction = 'higher', 100 - baseline_not_meeting_low_pct,
        baseline_not_meeting_high_pct))::double as start_high_pct
from school_targets
inner join (select metric_id, direction from dim_metric) using (metric_id)
inner join (
    select school_key, if(is_active, null, last_year) as closed_after from dim_school
) using (school_key)
semi join shown_states using (state)
where closed_after is null or school_year <= closed_after
group by all;

create temp table verdicts as
select
    school_key, state, metric_id, student_group, school_year,
    any_value(interval_low_pct) as interval_low_pct,
    any_value(interval_high_pct) as interval_high_pct,
    max(verdict) filter (target_model = 'compounding') as compounding,
    max(verdict) filter (target_model = 'linear') as linear,
    max(reached) filter (target_model = 'compounding') as compounding_reached,
    max(reached) filter (target_model = 'linear') as linear_reached,
    max(firmness) filter (target_model = 'compounding') as compounding_firmness,
    max(firmness) filter (target_model = 'linear') as linear_firmness,
    max(students_count) as students_count
from school_target_status
semi join shown_states using (state)
group by all;

-- Why a state's file of a year holds no rate: what became of what was due.
create temp table dues as
select state, metric_id, school_year, any_value(why) as why
from (
    select
        delivered.state, metric_id, due.school_year,
        case min(due.coverage_status)
            when 'missing' then 'Due, not delivered'
            when 'expected' then 'Not due yet'
            when 'refused' then 'Delivered, but refused'
            when 'not_collected' then 'Not collected'
        end as why
    from (
        select distinct school.state, points.metric_id, points.provider, points.extract
        from points
        inner join dim_school as school using (school_key)
        union
        select distinct state, metric_id, provider, extract from state_outcomes
    ) as delivered
    inner join coverage as due using (provider, extract)
    group by all
)
group by all;

-- The network, a state or a coalition, with the same columns as a school's years.
create temp table progress as
with pivoted as (
    select
        level, entity_id, metric_id, school_year, denominator, value_pct,
        value_low_pct, value_high_pct, value_status, interval_low_pct,
        interval_high_pct, members_reporting_count, members_count,
        states_reporting_count, states_count, baseline_year,
        max(target_low_pct) filter (target_model = 'compounding')::double
            as compounding_low_pct,
        max(target_high_pct) filter (target_model = 'compounding')::double
            as compounding_high_pct,
        max(target_low_pct) filter (target_model = 'linear')::double as linear_low_pct,
        max(target_high_pct) filter (target_model = 'linear')::double
            as linear_high_pct,
        max(verdict) filter (target_model = 'compounding') as compounding,
        max(verdict) filter (target_model = 'linear') as linear,
        max(reached) filter (target_model = 'compounding') as compounding_reached,
        max(reached) filter (target_model = 'linear') as linear_reached,
        max(firmness) filter (target_model = 'compounding') as compounding_firmness,
        max(firmness) filter (target_model = 'linear') as linear_firmness,
        max(students_count) as students_count,
        max(verdict_reason) as reason,
        max(same_members_count) as same_count,
        max(same_members_low_pct) as same_low_pct,
        max(same_members_high_pct) as same_high_pct,
        max(same_members_baseline_low_pct) as same_start_low_pct,
        max(same_members_baseline_high_pct) as same_start_high_pct,
        max(baseline_low_pct) as start_low_pct,
        max(baseline_high_pct) as start_high_pct
    from network_progress
    where student_group = 'all'
    group by all
),

printed_by_states as (
    select
        'state' as level, state as entity_id, metric_id, school_year, provider,
        extract, visibility, source_file, source_row, delivery,
        value_pct as printed_pct, value_low_pct as printed_low_pct,
        value_high_pct as printed_high_pct, value_status as printed_status,
        denominator as printed_denominator
    from state_outcomes
    where student_group = 'all' and is_preferred
),

-- Each year between the first and the last: a year that nobody printed is shown too.
years as (
    select
        level, entity_id, metric_id,
        unnest(generate_series(min(school_year), max(school_year)))::integer
            as school_year
    from (
        from pivoted select level, entity_id, metric_id, school_year
        union
        from printed_by_states select level, entity_id, metric_id, school_year
    )
    group by all
),

-- A state's own printed row says more than what the network counts of it.
told as (
    select
        * exclude (value_pct, value_low_pct, value_high_pct, value_status, denominator,
            baseline_year, start_low_pct, start_high_pct, printed_pct, printed_low_pct, printed_high_pct, printed_status,
            printed_denominator),
        if(provider is null, value_pct, printed_pct) as value_pct,
        if(provider is null, value_low_pct, printed_low_pct) as value_low_pct,
        if(provider is null, value_high_pct, printed_high_pct) as value_high_pct,
        coalesce(printed_status, value_status, 'not_reported') as value_status,
        max(baseline_year) over entity as baseline_year,
        max(start_low_pct) over entity as start_low_pct,
        max(start_high_pct) over entity as start_high_pct,
        coalesce(printed_denominator, denominator) as denominator,
        level <> 'state' and members_reporting_count < members_count as is_partial,
        why
    from years
    left join pivoted using (level, entity_id, metric_id, school_year)
    left join printed_by_states using (level, entity_id, metric_id, school_year)
    left join (select 'state' as level, state as entity_id, * exclude (state) from dues)
        as dues using (level, entity_id, metric_id, school_year)
    window entity as (partition by level, entity_id, metric_id)
)

select
    level, entity_id, metric_id,
    max(baseline_year) as baseline_year,
    list({
        'school_year': school_year, 'value_pct': value_pct,
        'value_low_pct': value_low_pct, 'value_high_pct': value_high_pct,
        'value_status': value_status, 'denominator': denominator,
        'words': if(value_status = 'not_reported', coalesce(why, 'Not reported'),
            rate_words(value_pct, value_low_pct, value_high_pct, value_status,
                coalesce(provider, ''))),
        -- A rate of some of the members has a mark of its own, however many they are.
        'mark': if(is_partial and value_pct is not null, 'part',
            mark(value_pct, value_low_pct, coalesce(denominator, 50), value_status)),
        'is_partial': coalesce(is_partial, false),
        'is_ahead': value_status = 'not_yet_observed',
        'provider': provider, 'visibility': visibility,
        'source_file': source_file, 'source_row': source_row, 'delivery': delivery,
        'members_reporting': members_reporting_count, 'members': members_count,
        'states_reporting': states_reporting_count, 'states': states_count,
        'interval_low_pct': interval_low_pct, 'interval_high_pct': interval_high_pct,
        'interval_words': span(interval_low_pct, interval_high_pct),
        'compounding_low_pct':
            if(school_year = baseline_year, start_low_pct, compounding_low_pct),
        'compounding_high_pct':
            if(school_year = baseline_year, start_high_pct, compounding_high_pct),
        'linear_low_pct':
            if(school_year = baseline_year, start_low_pct, linear_low_pct),
        'linear_high_pct':
            if(school_year = baseline_year, start_high_pct, linear_high_pct),
        'compounding_words': span(compounding_low_pct, compounding_high_pct),
        'linear_words': span(linear_low_pct, linear_high_pct),
        'compounding': compounding, 'linear': linear, 'reason': reason,
        'same_count': same_count,
        'same_words': span(same_low_pct, same_high_pct),
        'same_start_words': span(same_start_low_pct, same_start_high_pct),
        'compounding_reached': compounding_reached, 'linear_reached': linear_reached,
        'compounding_firmness': compounding_firmness,
        'linear_firmness': linear_firmness, 'students_count': students_count
    } order by school_year) as years
from told
group by level, entity_id, metric_id;
