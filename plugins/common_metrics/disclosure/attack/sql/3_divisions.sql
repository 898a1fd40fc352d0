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
