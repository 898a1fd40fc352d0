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
    cells.* exclude (visibility, value_status),
    coalesce(visibility, '') = 'public' as is_public,
    origin = 'candidate' and coalesce(visibility, '') <> 'public' as is_own,
    is_own and numerator is null and value_status in ('suppressed', 'range')
        as is_hidden,
    coalesce(numerator_count, metric_id || ' numerator') as numerator_count,
    coalesce(denominator_count, metric_id || ' denominator') as denominator_count,
from cells
left join metric_counts using (metric_id);

create or replace temp table numbers as
select *, numerator_count as count_name, numerator as shown from named
union all by name
select *, denominator_count as count_name, denominator as shown from named;

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
where is_hidden;

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
    from own
    union all by name
    select provider, level, state, place, school_year, count_name, student_group
    from numbers
    where is_hidden or is_own and getvariable('alone')
    union all by name
    select provider, level, state, place, school_year, count_name, student_group
    from outside
    anti join differing using (provider, level, state, place, school_year, kind, source)
),

distinct_keys as (
    select * exclude (shown), max(shown) as shown
    from keys
    group by all
)

select
    *,
    row_number() over () - 1 as node,
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
    above.* exclude (node, shown, count_name, key),
    below.shown as below_shown,
from nodes as above
inner join (
    select distinct metric_id, numerator_count, denominator_count from named
) as counts
    on above.count_name = counts.numerator_count
inner join nodes as below
    on
        counts.denominator_count = below.count_name
        and above.provider = below.provider
        and above.level = below.level
        and above.state = below.state
        and above.place = below.place
        and above.school_year = below.school_year
        and above.student_group = below.student_group;

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
        on
            count_sums.part_count = part.count_name
            and whole.provider = part.provider
            and whole.level = part.level
            and whole.state = part.state
            and whole.place = part.place
            and whole.school_year = part.school_year
            and whole.student_group = part.student_group
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

ordered as (
    select
        lesser.node as lesser,
        greater.node as greater,
        lesser_count as tag,
    from count_orders
    inner join known as lesser on count_orders.lesser_count = lesser.count_name
    inner join known as greater
        on
            count_orders.greater_count = greater.count_name
            and lesser.provider = greater.provider
            and lesser.level = greater.level
            and lesser.state = greater.state
            and lesser.place = greater.place
            and lesser.school_year = greater.school_year
            and lesser.student_group = greater.student_group
    left join known as lesser_whole
        on
            count_orders.lesser_of = lesser_whole.count_name
            and lesser.provider = lesser_whole.provider
            and lesser.level = lesser_whole.level
            and lesser.state = lesser_whole.state
            and lesser.place = lesser_whole.place
            and lesser.school_year = lesser_whole.school_year
            and lesser.student_group = lesser_whole.student_group
    left join known as greater_whole
        on
            count_orders.greater_of = greater_whole.count_name
            and lesser.provider = greater_whole.provider
            and lesser.level = greater_whole.level
            and lesser.state = greater_whole.state
            and lesser.place = greater_whole.place
            and lesser.school_year = greater_whole.school_year
            and lesser.student_group = greater_whole.student_group
    where lesser_of = greater_of or lesser_whole.value = greater_whole.value
)

select 'order', tag, greater, unnest([greater, lesser]), unnest([1, -1])
from ordered;

-- Groups that divide all students.
insert into entries
with parts as (
    select
        whole.node as whole,
        part.node as part,
        group_sums.partition as tag,
    from nodes as whole
    inner join group_sums on whole.student_group = group_sums.whole_group
    inner join nodes as part
        on
            group_sums.part_group = part.student_group
            and whole.provider = part.provider
            and whole.level = part.level
            and whole.state = part.state
            and whole.place = part.place
            and whole.school_year = part.school_year
            and whole.count_name = part.count_name
)

select 'groups', tag, whole, part, -1 from parts
union all
select distinct 'groups', tag, whole, whole, 1 from parts;

-- Schools, or districts, of a state.
insert into entries
with parts as (
    select
        whole.node as whole,
        part.node as part,
        part.level as tag,
    from nodes as whole
    inner join nodes as part
        using (provider, state, school_year, count_name, student_group)
    where whole.level = 'state' and part.level <> 'state'
)

select 'level', tag, whole, part, -1 from parts
union all
select distinct 'level', tag, whole, whole, 1 from parts;

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

-- Rates lie within what is told of them.
create or replace temp table rates as
select
    provider, level, state, place, school_year, metric_id, student_group, low, high,
    kind, source,
from outside_rates
anti join differing using (provider, level, state, place, school_year, kind, source)
union all by name
select
    provider, level, state, place, school_year, metric_id, student_group, low, high,
    'coded range' as kind,
    '' as source,
from prints
where is_hidden and not getvariable('alone');

insert into entries
with ruled as (
    select
        *,
        row_number() over () as n,
    from rates
    inner join pairs
        using (provider, level, state, place, school_year, metric_id, student_group)
)

select kind, 'low ' || n, above, unnest([above, below]), unnest([1, -(low - 1e-7) / 100])
from ruled
union all
select kind, 'high ' || n, above, unnest([below, above]), unnest([(high + 1e-7) / 100, -1])
from ruled;

create or replace temp table relations as
select
    row_number() over () - 1 as relation,
    kinds.*,
    starts_with(tag, 'is ') as is_equal,
    case
        when kind = 'complement' then min_complement
        when kind in ('sum', 'order') then min_numerator
        when kind in ('groups', 'level') then minimum
        else 0
    end as minimum,
    concat_ws('|', provider, level, state, place, school_year) as site,
    concat_ws('|', kind, tag, key) as key,
from (select distinct kind, tag, anchor from entries) as kinds
inner join nodes on kinds.anchor = nodes.node
inner join count_minimums on kinds.anchor = count_minimums.node
order by kind, anchor, tag;
