-- What published files say about the numbers of students behind their cells, as rows
-- "sum of coefficient * number + constant >= 0" (is_equal: = 0). attack.py has made
-- `cells`: the outcome tables of all files, with the file's origin (candidate, earlier
-- release or insider). With the variable `alone` all is left out that the candidate
-- shows of restricted cells: what remains was known before it.

create or replace temp macro half_unit(print) as case
    when print = round(print) then 0.5
    when print = round(print, 1) then 0.05
    when print = round(print, 2) then 0.005
    else 0.0005
end;

create or replace temp table named as
select
    cells.* exclude (visibility),
    coalesce(visibility, '') = 'public' as is_public,
    origin = 'candidate' and coalesce(visibility, '') <> 'public' as is_own,
    is_own and numerator is null and value_status in ('suppressed', 'range')
        as is_hidden,
    coalesce(numerator_count, metric_id || ' numerator') as numerator_count,
    coalesce(denominator_count, metric_id || ' denominator') as denominator_count,
from cells
left join metric_counts using (metric_id);

-- Where a cell is not applicable there are no such students.
create or replace temp table numbers as
select
    *,
    unnest([numerator_count, denominator_count]) as count_name,
    case
        when is_own and value_status = 'not_applicable' then 0
        else unnest([numerator, denominator])
    end as shown,
from named;

create or replace temp table shown_here as
select
    provider, level, state, place, school_year, count_name, student_group,
    max(shown) as shown,
from numbers
where is_own
group by all
having max(shown) is not null;

create or replace temp table own as
from shown_here
where not getvariable('alone');

create or replace temp table sites as
select distinct provider, level, state, place, school_year
from named
where is_own;

-- What a site's numbers are elsewhere: printed, in earlier releases, of another provider.
create or replace temp table outside as
select distinct
    sites.*,
    numbers.count_name,
    numbers.student_group,
    numbers.shown,
    case
        when is_public then 'public print'
        when not is_own then origin
        else 'other provider'
    end as kind,
    numbers.provider as source,
from sites
inner join numbers using (level, state, place, school_year)
where
    numbers.shown is not null
    and (
        not is_own
        or numbers.provider <> sites.provider and not getvariable('alone')
    );

-- A rate printed without its counts stands for all that rounds to it.
create or replace temp table prints as
select
    *,
    coalesce(value_low_pct, value_pct) as print_low,
    coalesce(value_high_pct, value_pct) as print_high,
    greatest(0, print_low - half_unit(print_low)) as low,
    least(100, print_high + half_unit(print_high)) as high,
from named
where numerator is null and coalesce(value_low_pct, value_pct) is not null;

create or replace temp table outside_rates as
select
    sites.*,
    prints.metric_id,
    prints.student_group,
    prints.low,
    prints.high,
    if(is_public, 'public print', origin) as kind,
    prints.provider as source,
from sites
inner join prints using (level, state, place, school_year)
where not is_own;

-- A source that differs from what a site shows counts otherwise and tells nothing of it.
create or replace temp table differing as
select distinct provider, level, state, place, school_year, kind, source
from outside
inner join shown_here
    using (provider, level, state, place, school_year, count_name, student_group)
where outside.shown <> shown_here.shown
union
select distinct
    rates.provider, rates.level, rates.state, rates.place, rates.school_year, kind, source,
from outside_rates as rates
inner join named
    using (provider, level, state, place, school_year, metric_id, student_group)
where
    is_own
    and (
        100 * numerator < (rates.low - 1e-6) * denominator
        or 100 * numerator > (rates.high + 1e-6) * denominator
    );

create or replace temp table nodes as
with keys as (
    select *, true as has_row
    from own
    union all by name
    select
        provider, level, state, place, school_year, count_name, student_group,
        true as has_row,
    from numbers
    where is_hidden or is_own and getvariable('alone')
    union all by name
    select provider, level, state, place, school_year, count_name, student_group
    from outside
    anti join differing using (provider, level, state, place, school_year, kind, source)
),

distinct_keys as (
    select
        * exclude (shown, has_row),
        max(shown) as shown,
        coalesce(bool_or(has_row), false) as has_row,
    from keys
    group by all
)

select
    *,
    row_number() over (
        order by provider, level, state, place, school_year, count_name, student_group
    ) - 1 as node,
    concat_ws(
        '|', provider, level, state, place, school_year, count_name, student_group
    ) as key,
from distinct_keys;

-- Numbers that hidden rows would show.
create or replace temp table hidden as
select distinct
    node,
    key,
    table_name,
    provider,
    state,
    place,
    school_year,
    metric_id,
    student_group,
    if(count_name = numerator_count, 'numerator', 'denominator') as number,
from numbers
inner join nodes
    using (provider, level, state, place, school_year, count_name, student_group)
where is_hidden and nodes.shown is null;

create or replace temp table minimums as
select
    states.state,
    coalesce(own.min_denominator, strict.min_denominator) as min_denominator,
    coalesce(own.min_numerator, strict.min_numerator) as min_numerator,
    coalesce(own.min_complement, strict.min_complement) as min_complement,
    coalesce(own.min_interval, strict.min_interval) as min_interval,
from (select distinct state from cells) as states
left join suppression_minimums as own using (state)
cross join (from suppression_minimums where state = '*') as strict;

-- A number that is some metric's numerator may be as small as that.
create or replace temp table count_minimums as
select
    nodes.node,
    min_complement,
    min_numerator,
    min_interval,
    if(
        nodes.count_name in (select denominator_count from named)
        and nodes.count_name not in (select numerator_count from named),
        min_denominator, min_numerator
    ) as minimum,
from nodes
inner join minimums using (state);

create or replace temp table pairs as
select
    above.node as above,
    below.node as below,
    counts.metric_id,
    above.* exclude (node, shown, count_name, key, has_row),
    below.shown as below_shown,
from nodes as above
inner join (
    select distinct metric_id, numerator_count, denominator_count from named
) as counts
    on above.count_name = counts.numerator_count
inner join nodes as below
    using (provider, level, state, place, school_year, student_group)
where counts.denominator_count = below.count_name;

-- Entries of the rows; a row is one kind, tag and anchor. A constant has no node.
create or replace temp table entries (
    kind varchar, tag varchar, anchor bigint, node bigint, coefficient double
);

insert into entries
select 'complement', '', above, unnest([below, above]), unnest([1, -1])
from pairs;

-- Parts of a number, and who is in none of them.
insert into entries
with parts as (
    select
        whole.node as whole,
        part.node as part,
    from nodes as whole
    inner join count_sums on whole.count_name = count_sums.whole_count
    inner join nodes as part
        using (provider, level, state, place, school_year, student_group)
    where count_sums.part_count = part.count_name
)

select 'sum', '', whole, part, -1 from parts
union all
select distinct 'sum', '', whole, whole, 1 from parts;

-- Where both are counted of the same students, the greater holds the lesser.
insert into entries
with known as (
    select nodes.*, coalesce(nodes.shown, outside.shown) as value
    from nodes
    left join (
        select
            provider, level, state, place, school_year, count_name, student_group,
            max(shown) as shown,
        from outside
        anti join differing
            using (provider, level, state, place, school_year, kind, source)
        group by all
    ) as outside
        using (provider, level, state, place, school_year, count_name, student_group)
),

lesser_wholes as (
    select * rename (count_name as lesser_of) from known
),

greater_wholes as (
    select * rename (count_name as greater_of) from known
),

ordered as (
    select
        lesser.node as lesser,
        greater.node as greater,
        lesser_count as tag,
    from count_orders
    inner join known as lesser on count_orders.lesser_count = lesser.count_name
    inner join known as greater
        using (provider, level, state, place, school_year, student_group)
    left join lesser_wholes as lesser_whole
        using (provider, level, state, place, school_year, student_group, lesser_of)
    left join greater_wholes as greater_whole
        using (provider, level, state, place, school_year, student_group, greater_of)
    where
        count_orders.greater_count = greater.count_name
        and (
            count_orders.lesser_of = count_orders.greater_of
            or lesser_whole.value = greater_whole.value
        )
)

select 'order', tag, greater, unnest([greater, lesser]), unnest([1, -1])
from ordered;

-- What dim_metric says of two metrics: whom the one counts, the other counts too. Read from
-- the definitions and not from the rule tables, so that what was forgotten there is found.
create or replace temp table definitions as
with read as (
    from (values
        ('acgr_4yr', 'numerator', 'pse_12m_graduates', 'denominator'),
        ('pse_first_fall_cohort', 'numerator', 'pse_first_fall_graduates', 'numerator'),
        ('pse_12m_cohort', 'numerator', 'pse_12m_graduates', 'numerator'),
        ('pse_16m_cohort', 'numerator', 'pse_16m_graduates', 'numerator'),
        ('pse_persistence', 'numerator', 'pse_12m_graduates', 'numerator'),
        ('still_enrolled_5yr', 'numerator', 'still_enrolled_4yr', 'numerator'),
        ('still_enrolled_6yr', 'numerator', 'still_enrolled_5yr', 'numerator'),
        ('dropout_cohort', 'numerator', 'other_noncompletion_4yr', 'numerator'),
        ('proficiency_ela', 'denominator', 'chronic_absence', 'denominator'),
        ('proficiency_math', 'denominator', 'chronic_absence', 'denominator'),
        ('proficiency_science', 'denominator', 'chronic_absence', 'denominator'),
        -- No definition, but what readers take for true: who graduates was a member.
        ('pse_12m_graduates', 'denominator', 'dropout_event', 'denominator')
    ) as read (part_metric, part_side, whole_metric, whole_side)
),

sides as (
    select metric_id, 'numerator' as side, numerator_count as count_name
    from metric_counts
    union all
    select metric_id, 'denominator', denominator_count
    from metric_counts
)

select
    part.count_name as part_count,
    whole.count_name as whole_count,
from read
inner join sides as part on part_metric = part.metric_id and part_side = part.side
inner join sides as whole on whole_metric = whole.metric_id and whole_side = whole.side;

insert into entries
with parts as (
    select
        whole.node as whole,
        part.node as part,
        definitions.part_count as tag,
    from definitions
    inner join nodes as whole on definitions.whole_count = whole.count_name
    inner join nodes as part
        using (provider, level, state, place, school_year, student_group)
    where part.count_name = definitions.part_count
)

select 'definition', tag, whole, unnest([whole, part]), unnest([1, -1])
from parts;

-- Groups that divide all students, as each source names them: Asian and Pacific Islander
-- students are one group to some and two to others, and must not count twice.
create or replace temp table divisions as
with vocabularies as (
    select distinct
        named.provider as source,
        group_sums.*,
    from named
    inner join group_sums on named.student_group = group_sums.part_group
),

sources as (
    select distinct provider, level, state, place, school_year, provider as source
    from nodes
    union
    select distinct provider, level, state, place, school_year, source
    from outside
),

parts as (
    select
        whole.node as whole,
        part.node as part,
        vocabularies.partition
        || if(source = whole.provider, '', ' as of ' || source) as tag,
    from nodes as whole
    inner join sources using (provider, level, state, place, school_year)
    inner join vocabularies using (source)
    inner join nodes as part
        using (provider, level, state, place, school_year, count_name)
    where
        whole.student_group = vocabularies.whole_group
        and part.student_group = vocabularies.part_group
)

select distinct 'groups' as kind, tag, whole, part
from parts;

-- Schools, or districts, of a state.
insert into divisions
select 'level', part.level, whole.node, part.node
from nodes as whole
inner join nodes as part
    using (provider, state, school_year, count_name, student_group)
where whole.level = 'state' and part.level <> 'state';

-- Who is in none of the parts counts for no relation less than zero: not for the number
-- itself, nor for the complements, rests and differences of the rows so far.
insert into entries
with rows_so_far as (
    select
        kind,
        tag,
        anchor,
        string_agg(count_name, ' ' order by count_name) as counts,
    from entries
    inner join nodes using (node)
    group by kind, tag, anchor
),

-- Materialized: joined the other way round, each pair of places meets.
parts_so_far as materialized (
    select
        divisions.*,
        rows_so_far.kind as of_kind,
        rows_so_far.tag as of_tag,
        rows_so_far.counts,
        divisions.tag || ' ' || of_kind || ' ' || of_tag as new_tag,
    from divisions
    inner join rows_so_far on divisions.part = rows_so_far.anchor
),

halves as (
    select parts_so_far.*
    from parts_so_far
    inner join rows_so_far
        on
            parts_so_far.whole = rows_so_far.anchor
            and of_kind = rows_so_far.kind
            and of_tag = rows_so_far.tag
            and parts_so_far.counts = rows_so_far.counts
),

anchors as (
    select kind, new_tag, whole, of_kind, of_tag, part as anchor, -1 as sign
    from halves
    union all
    select distinct kind, new_tag, whole, of_kind, of_tag, whole, 1
    from halves
),

terms as (
    select
        anchors.kind,
        anchors.new_tag as tag,
        anchors.whole,
        entries.node,
        anchors.sign * entries.coefficient as coefficient,
    from anchors
    inner join entries
        on
            anchors.anchor = entries.anchor
            and anchors.of_kind = entries.kind
            and anchors.of_tag = entries.tag
)

select kind, tag, whole, part, -1 from divisions
union all
select distinct kind, tag, whole, whole, 1 from divisions
union all
select kind, tag, whole, node, coefficient from terms;

-- Nobody is left over where nobody ever is: as far as all parts are shown (three times at
-- least), or where a group and its opposite divide the students. A group without a row
-- may have students: only a family with a row of each group that its provider names says
-- that nobody is left over.
insert into entries
with named_parts as (
    select
        provider,
        partition as name,
        count(distinct student_group) as parts_count,
        bool_and(has_two_parts) as is_group_and_opposite,
    from named
    inner join (
        select
            *,
            count(*) over (partition by partition) = 2 as has_two_parts,
        from group_sums
    ) as parts
        on named.student_group = parts.part_group
    where is_own
    group by provider, partition
),

families as (
    select
        entries.kind,
        entries.tag,
        entries.anchor,
        sum(coefficient * shown_here.shown) as rest,
        bool_and(shown_here.shown is not null) as is_shown,
        bool_and(has_row) as has_rows,
        count(*) as length,
    from entries
    inner join nodes using (node)
    left join shown_here
        using (provider, level, state, place, school_year, count_name, student_group)
    where
        entries.kind in ('sum', 'groups', 'level')
        and not contains(entries.tag, ' ')
    group by all
),

habits as (
    select
        families.*,
        count(*) filter (is_shown) over habit as shown_count,
        coalesce(bool_and(rest = 0) filter (is_shown) over habit, true) as is_whole,
    from families
    inner join nodes on families.anchor = nodes.node
    window habit as (
        partition by
            provider, kind, tag, if(kind = 'sum', count_name, ''),
            if(kind = 'level', state, '')
    )
),

wholes as (
    select habits.*
    from habits
    inner join nodes on habits.anchor = nodes.node
    left join named_parts
        on
            habits.kind = 'groups'
            and habits.tag = named_parts.name
            and nodes.provider = named_parts.provider
    left join (
        select whole_count, count(*) as parts_count
        from count_sums
        group by whole_count
    ) as outcomes
        on habits.kind = 'sum' and nodes.count_name = outcomes.whole_count
    where
        is_whole
        and (
            shown_count >= 3 and has_rows
            or is_group_and_opposite
        )
        and (
            habits.kind = 'level'
            or length = 1 + coalesce(named_parts.parts_count, outcomes.parts_count)
        )
)

select kind, 'is whole ' || tag, anchor, node, coefficient
from entries
inner join wholes using (kind, tag, anchor);

insert into entries
with facts as (
    select
        node,
        kind,
        source,
        outside.shown,
    from outside
    anti join differing using (provider, level, state, place, school_year, kind, source)
    inner join nodes
        using (provider, level, state, place, school_year, count_name, student_group)
    where nodes.shown is null
)

select kind, 'is ' || source || ' ' || shown, node, unnest([node, null]), unnest([1, -shown])
from facts;

-- The rate of every cell, exact or as far as its row tells; the target tables speak of
-- the share that does not meet the metric.
create or replace temp table shares as
with rated as (
    select
        named.* exclude (is_preferred),
        coalesce(named.is_preferred, true) as is_preferred,
        coalesce(direction, 'higher') = 'higher' as is_higher_better,
        coalesce(prints.low, 100.0 * named.numerator / nullif(named.denominator, 0), 0) as low,
        coalesce(prints.high, 100.0 * named.numerator / nullif(named.denominator, 0), 100)
            as high,
        coalesce(print_low, 0) as own_low,
        coalesce(print_high, 100) as own_high,
    from named
    left join (
        select
            origin, provider, level, state, place, school_year, metric_id, student_group,
            print_low, print_high, low, high,
        from prints
    ) as prints
        using (
            origin, provider, level, state, place, school_year, metric_id, student_group
        )
    left join dim_metric using (metric_id)
)

select
    *,
    if(is_higher_better, 100 - high, low) as unmet_low,
    if(is_higher_better, 100 - low, high) as unmet_high,
from rated;

-- The share of a baseline that a target leaves: as other schools' rows show it, or by
-- the decreases.
create or replace temp table factors as
with seen as (
    select
        rule_version,
        metric_id,
        target_model,
        baseline_year,
        school_year,
        median(target_not_meeting_pct / baseline_not_meeting_pct)
            filter (where baseline_not_meeting_pct > 0 and not is_override) as factor,
    from school_targets
    group by all
)

select
    seen.* exclude (factor),
    coalesce(
        any_value(factor),
        if(
            any_value(target_model) = 'linear',
            1 - sum(decrease_pct) / 100,
            product(1 - decrease_pct / 100)
        )
    ) as factor,
from seen
left join target_decreases as decreases
    on
        seen.rule_version = decreases.rule_version
        and decreases.school_year > seen.baseline_year
        and decreases.school_year <= seen.school_year
group by all;

-- What other tables tell of the share that does not meet the metric, or of the rate.
create or replace temp table told as
with targets as (
    select
        *,
        baseline_year as year,
        baseline_provider as by_provider,
    from all_school_targets
    union all by name
    select
        *,
        baseline_year as year,
        baseline_provider as by_provider,
        'no' as target_year_means,
    from all_school_target_status
),

turned as (
    select
        targets.*,
        factor,
        coalesce(direction, 'higher') = 'higher' as is_higher_better,
    from targets
    left join factors
        using (rule_version, metric_id, target_model, baseline_year, school_year)
    left join dim_metric using (metric_id)
),

unmet as (
    select
        *,
        coalesce(baseline_not_meeting_low_pct, baseline_not_meeting_pct, case
            when not is_override and target_pct is distinct from goal_pct
                then coalesce(
                    target_not_meeting_pct,
                    if(is_higher_better, 100 - target_high_pct, target_low_pct)
                ) / factor
        end) as unmet_low,
        coalesce(baseline_not_meeting_high_pct, baseline_not_meeting_pct, case
            when not is_override and target_pct is distinct from goal_pct
                then coalesce(
                    target_not_meeting_pct,
                    if(is_higher_better, 100 - target_low_pct, target_high_pct)
                ) / factor
        end) as unmet_high,
    from turned
),

baselines as (
    select
        origin,
        'target' as kind,
        by_provider as provider,
        school_key as place,
        year as school_year,
        metric_id,
        student_group,
        if(is_higher_better, 100 - unmet_high, unmet_low) as low,
        if(is_higher_better, 100 - unmet_low, unmet_high) as high,
    from unmet
),

verdicts as (
    select
        origin,
        'verdict' as kind,
        provider,
        school_key as place,
        school_year,
        metric_id,
        student_group,
        coalesce(value_low_pct, value_pct, interval_low_pct, case
            when verdict = 'at_goal' and is_higher then goal_pct
            when verdict = 'on_track' and is_higher then target_high_pct
            when verdict = 'off_track' and not is_higher then target_high_pct
            when reached = 'goal' and is_higher then goal_pct
            when reached = 'target' and is_higher then target_high_pct
            when reached = 'missed' and not is_higher then target_high_pct
        end) as low,
        coalesce(value_high_pct, value_pct, interval_high_pct, case
            when verdict = 'at_goal' and not is_higher then goal_pct
            when verdict = 'on_track' and not is_higher then target_low_pct
            when verdict = 'off_track' and is_higher then target_low_pct
            when reached = 'goal' and not is_higher then goal_pct
            when reached = 'target' and not is_higher then target_low_pct
            when reached = 'missed' and is_higher then target_low_pct
        end) as high,
    from (
        select
            verdicts.*,
            coalesce(direction, 'higher') = 'higher' as is_higher,
        from all_school_target_status as verdicts
        left join dim_metric using (metric_id)
        union all by name
        -- Releases before these columns say the same by their verdict alone.
        select null as reached where false
    )
),

-- A gap and one side give the other.
gaps as (
    select
        gaps.*,
        one.low as one_low,
        one.high as one_high,
        other.low as other_low,
        other.high as other_high,
        coalesce(gap_low_points, interval_low_points, if(gap = 'higher', 0, -100))
            as gap_low,
        coalesce(gap_high_points, interval_high_points, if(gap = 'lower', 0, 100))
            as gap_high,
    from all_group_gaps as gaps
    inner join shares as one
        on
            gaps.origin = one.origin
            and gaps.provider = one.provider
            and gaps.school_key = one.place
            and gaps.school_year = one.school_year
            and gaps.metric_id = one.metric_id
            and gaps.student_group = one.student_group
    inner join shares as other
        on
            gaps.origin = other.origin
            and gaps.provider = other.provider
            and gaps.school_key = other.place
            and gaps.school_year = other.school_year
            and gaps.metric_id = other.metric_id
            and gaps.complement_group = other.student_group
),

sides as (
    select
        origin,
        'gap' as kind,
        provider,
        school_key as place,
        school_year,
        metric_id,
        unnest([student_group, complement_group]) as student_group,
        unnest([other_low + gap_low, one_low - gap_high]) as low,
        unnest([other_high + gap_high, one_high - gap_low]) as high,
    from gaps
),

-- The pace, or what is still asked, and the share at one end give the other end.
outlooks as (
    select
        outlooks.*,
        past.provider as past_provider,
        present.provider as present_provider,
        past.is_higher_better,
        past.unmet_low as past_low,
        past.unmet_high as past_high,
        present.unmet_low as present_low,
        present.unmet_high as present_high,
        if(past.is_higher_better, 100 - outlooks.goal_pct, outlooks.goal_pct) as goal,
        pow(1 - achieved_high_pct / 100, outlooks.school_year - baseline_year) as fall_low,
        pow(1 - achieved_low_pct / 100, outlooks.school_year - baseline_year)
            as fall_high,
        last_target_year - outlooks.school_year as left_years,
    from all_school_outlook as outlooks
    inner join shares as past
        on
            outlooks.origin = past.origin
            and outlooks.school_key = past.place
            and outlooks.baseline_year = past.school_year
            and outlooks.metric_id = past.metric_id
            and outlooks.student_group = past.student_group
            and past.is_preferred
    inner join shares as present
        on
            outlooks.origin = present.origin
            and outlooks.school_key = present.place
            and outlooks.school_year = present.school_year
            and outlooks.metric_id = present.metric_id
            and outlooks.student_group = present.student_group
            and present.is_preferred
),

paces as (
    select
        origin,
        'outlook' as kind,
        school_key as place,
        metric_id,
        student_group,
        is_higher_better,
        unnest([past_provider, present_provider, present_provider, present_provider])
            as provider,
        unnest([baseline_year, school_year, school_year, school_year]) as school_year,
        unnest([
            present_low / nullif(fall_high, 0), past_low * fall_low,
            if(required_low_pct > 0, goal / pow(1 - required_low_pct / 100, left_years), null),
            null,
        ]) as unmet_low,
        unnest([
            present_high / nullif(fall_low, 0), past_high * fall_high,
            if(required_high_pct >= 0 and required_high_pct < 100,
                goal / pow(1 - required_high_pct / 100, left_years), null),
            if(outlook = 'at_goal', goal, null),
        ]) as unmet_high,
    from outlooks
),

foreseen as (
    select
        * exclude (is_higher_better, unmet_low, unmet_high),
        if(is_higher_better, 100 - unmet_high, unmet_low) as low,
        if(is_higher_better, 100 - unmet_low, unmet_high) as high,
    from paces
),

compared as (
    select
        origin,
        'reconciliation' as kind,
        provider,
        state,
        coalesce(school_key, '') as place,
        school_year,
        metric_id,
        student_group,
        coalesce(value_low_pct, value_pct) as low,
        coalesce(value_high_pct, value_pct) as high,
    from all_reconciliation
    union all
    select
        origin,
        'reconciliation' as kind,
        other_provider as provider,
        state,
        coalesce(school_key, '') as place,
        school_year,
        metric_id,
        student_group,
        coalesce(other_value_low_pct, other_value_pct) as low,
        coalesce(other_value_high_pct, other_value_pct) as high,
    from all_reconciliation
),

statements as (
    from baselines
    union all by name
    from verdicts
    union all by name
    from sides
    union all by name
    from foreseen
    union all by name
    from compared
)

select
    shares.table_name,
    shares.provider,
    shares.level,
    shares.state,
    shares.place,
    shares.school_year,
    shares.metric_id,
    shares.student_group,
    statements.origin,
    if(statements.origin = 'candidate', statements.kind, statements.origin) as kind,
    greatest(statements.low, 0) as low,
    least(statements.high, 100) as high,
from statements
inner join shares
    on
        statements.provider = shares.provider
        and statements.place = shares.place
        -- Only what is told of a whole state needs its name: it has no place.
        and coalesce(statements.state, shares.state) = shares.state
        and statements.school_year = shares.school_year
        and statements.metric_id = shares.metric_id
        and statements.student_group = shares.student_group
where
    shares.is_hidden
    and not (getvariable('alone') and statements.origin = 'candidate')
    and (statements.low > own_low + 1e-6 or statements.high < own_high - 1e-6);

-- Rates lie within what is told of them.
create or replace temp table rates as
select
    provider, level, state, place, school_year, metric_id, student_group, low, high,
    kind,
from outside_rates
anti join differing using (provider, level, state, place, school_year, kind, source)
union all by name
select
    provider, level, state, place, school_year, metric_id, student_group, low, high,
    'coded range' as kind,
from prints
where is_hidden and not getvariable('alone')
union all by name
select
    provider, level, state, place, school_year, metric_id, student_group,
    coalesce(low, 0) as low,
    coalesce(high, 100) as high,
    kind,
from told;

insert into entries
with ruled as (
    select
        *,
        row_number() over (order by kind, above, below, low, high) as n,
    from rates
    inner join pairs
        using (provider, level, state, place, school_year, metric_id, student_group)
)

select kind, 'low ' || n, above, unnest([above, below]), unnest([1, -(low - 1e-7) / 100])
from ruled
union all
select kind, 'high ' || n, above, unnest([below, above]), unnest([(high + 1e-7) / 100, -1])
from ruled;

-- A gap between two hidden rates, where their denominators are known.
insert into entries
with sides as (
    select
        one.above as one,
        other.above as other,
        100.0 / one.below_shown as one_factor,
        100.0 / other.below_shown as other_factor,
        gap_low_points as low,
        gap_high_points as high,
    from group_gaps as gaps
    inner join pairs as one
        on
            gaps.provider = one.provider
            and gaps.school_key = one.place
            and gaps.school_year = one.school_year
            and gaps.metric_id = one.metric_id
            and gaps.student_group = one.student_group
    inner join pairs as other
        on
            gaps.provider = other.provider
            and gaps.school_key = other.place
            and gaps.school_year = other.school_year
            and gaps.metric_id = other.metric_id
            and gaps.complement_group = other.student_group
    where
        one.level = 'school'
        and other.level = 'school'
        and one.below_shown > 0
        and other.below_shown > 0
        and not getvariable('alone')
)

select
    'gap', 'low', one,
    unnest([one, other, null]), unnest([one_factor, -other_factor, 1e-7 - low]),
from sides
where low is not null
union all
select
    'gap', 'high', one,
    unnest([one, other, null]), unnest([-one_factor, other_factor, 1e-7 + high]),
from sides
where high is not null;

-- A pooled sum that is more than its visible members holds hidden ones: all of them, or
-- some.
insert into entries
with members as (
    select
        bridge.coalition_id,
        numbers.*,
        nodes.node,
        value_status in ('reported', 'range') and denominator > 0 and not is_hidden
            as is_pooled,
        numbers.count_name = numerator_count as is_above,
    from numbers
    inner join (
        select coalition_id, school_key, first_year, last_year from bridge_coalition_school
    ) as bridge
        on
            numbers.place = bridge.school_key
            and numbers.school_year >= bridge.first_year
            and numbers.school_year <= coalesce(bridge.last_year, 9999)
    left join (select * exclude (shown, key) from nodes) as nodes
        using (provider, level, state, place, school_year, count_name, student_group)
    where numbers.level = 'school' and origin = 'candidate' and is_preferred
),

pools as (
    select
        coalition_id,
        school_year,
        metric_id,
        student_group,
        is_above,
        coalesce(sum(members.shown) filter (where is_pooled), 0) as visible,
        count(*) filter (where is_pooled) as visible_count,
        list(node order by node) filter (where is_hidden) as nodes,
    from members
    group by all
),

surpluses as (
    select
        pools.*,
        if(is_above, pooled.numerator, pooled.denominator) - visible as surplus,
        members_reporting_count - visible_count = len(nodes) as is_all,
        concat_ws(' ', if(is_all, 'is', 'holds'), coalition_id, metric_id) as tag,
    from pools
    inner join coalition_outcomes as pooled
        using (coalition_id, school_year, metric_id, student_group)
    where surplus > 0 and len(nodes) > 0 and not getvariable('alone')
)

select 'coalition', tag, nodes[1], unnest(nodes), 1 from surpluses
union all
select 'coalition', tag, nodes[1], null, -surplus from surpluses;

create or replace temp table relations as
select
    row_number() over (order by kind, anchor, tag) - 1 as relation,
    kinds.*,
    starts_with(tag, 'is ') as is_equal,
    case
        when kind = 'complement' then min_complement
        when kind in ('sum', 'order') then min_numerator
        when kind not in ('groups', 'level') or contains(tag, ' as of ') then 0
        when contains(tag, ' definition ') then 0
        when contains(tag, ' complement') then min_complement
        when contains(tag, ' ') then min_numerator
        else minimum
    end as minimum,
    min_interval,
    concat_ws('|', provider, level, state, place, school_year) as site,
    concat_ws('|', kind, tag, key) as key,
from (select distinct kind, tag, anchor from entries) as kinds
inner join nodes on kinds.anchor = nodes.node
inner join count_minimums on kinds.anchor = count_minimums.node;
