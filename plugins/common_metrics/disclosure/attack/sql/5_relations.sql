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
