-- What published files say about the numbers of students behind their cells, as rows
-- "sum of coefficient * number + constant >= 0" (is_equal: = 0). published.py has made
-- `cells`: the outcome tables of all files, with the file's origin (candidate, earlier
-- release or insider). With the variable `alone` all is left out that the candidate
-- shows of restricted cells: what remains was known before it.
-- The files run in the order of their names.

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
